// LangChainGo with its OpenAI model.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"

	"clients/driver"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/openai"
)

var roles = map[string]llms.ChatMessageType{
	"system": llms.ChatMessageTypeSystem, "user": llms.ChatMessageTypeHuman,
	"assistant": llms.ChatMessageTypeAI,
}

var errLeft = errors.New("seen enough")

func generate(order driver.Order, options ...llms.CallOption) (*llms.ContentChoice, error) {
	model, err := openai.New(openai.WithBaseURL(os.Getenv("GATEWAY")), openai.WithToken("unused"),
		openai.WithModel(order.Model))
	if err != nil {
		log.Fatal(err)
	}
	var messages []llms.MessageContent
	for _, message := range order.Messages {
		messages = append(messages, llms.TextParts(roles[message.Role], message.Content))
	}
	deadline, cancel := context.WithTimeout(context.Background(), order.Deadline())
	defer cancel()
	answer, err := model.GenerateContent(deadline, messages, options...)
	if err != nil {
		return nil, err
	}
	return answer.Choices[0], nil
}

func end(choice *llms.ContentChoice) driver.End {
	count := func(name string) int64 { return int64(choice.GenerationInfo[name].(int)) }
	return driver.End{Text: choice.Content, Finish: choice.StopReason, Usage: &driver.Usage{
		Prompt: count("PromptTokens"), Completion: count("CompletionTokens"),
		Total: count("TotalTokens"), Cached: count("PromptCachedTokens")}}
}

func chat(order driver.Order) (driver.End, error) {
	choice, err := generate(order)
	if err != nil {
		return driver.End{}, err
	}
	return end(choice), nil
}

func stream(order driver.Order) (driver.End, error) {
	collected := driver.Collect(order)
	choice, err := generate(order, llms.WithStreamingFunc(
		func(_ context.Context, chunk []byte) error {
			if collected.Add(string(chunk)) {
				return errLeft
			}
			return nil
		}))
	if errors.Is(err, errLeft) {
		return collected.Left(), nil
	}
	if err != nil {
		return driver.End{}, err
	}
	return end(choice), nil
}

// Its errors say of a deadline only in words that it has passed.
func report(err error) driver.Failure {
	isTimeout := errors.Is(err, context.DeadlineExceeded) ||
		strings.HasPrefix(err.Error(), "request timeout")
	return driver.Fail(err, isTimeout)
}

func main() {
	driver.Serve(driver.Handlers{"chat": chat, "stream": stream}, report)
}
