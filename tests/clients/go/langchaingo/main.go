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

func messagesOf(order driver.Order) []llms.MessageContent {
	var messages []llms.MessageContent
	for _, message := range order.Messages {
		messages = append(messages, llms.TextParts(roles[message.Role], message.Content))
	}
	return messages
}

func generate(order driver.Order, messages []llms.MessageContent,
	options ...llms.CallOption) (*llms.ContentChoice, error) {
	model, err := openai.New(openai.WithBaseURL(os.Getenv("GATEWAY")), openai.WithToken("unused"),
		openai.WithModel(order.Model))
	if err != nil {
		log.Fatal(err)
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
	choice, err := generate(order, messagesOf(order))
	if err != nil {
		return driver.End{}, err
	}
	return end(choice), nil
}

func stream(order driver.Order) (driver.End, error) {
	collected := driver.Collect(order)
	choice, err := generate(order, messagesOf(order), llms.WithStreamingFunc(
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

func called(calls []llms.ToolCall) ([]llms.MessageContent, error) {
	messages := []llms.MessageContent{{Role: llms.ChatMessageTypeAI}}
	for _, call := range calls {
		text, err := driver.Run(call.FunctionCall.Name, call.FunctionCall.Arguments)
		if err != nil {
			return nil, err
		}
		messages[0].Parts = append(messages[0].Parts, call)
		messages = append(messages, llms.MessageContent{Role: llms.ChatMessageTypeTool,
			Parts: []llms.ContentPart{llms.ToolCallResponse{
				ToolCallID: call.ID, Name: call.FunctionCall.Name, Content: text}}})
	}
	return messages, nil
}

func tools(order driver.Order) (driver.End, error) {
	var offered []llms.Tool
	for _, tool := range driver.Tools {
		offered = append(offered, llms.Tool{Type: "function", Function: &llms.FunctionDefinition{
			Name: tool.Name, Description: tool.Description, Parameters: driver.Parameters}})
	}
	options := []llms.CallOption{llms.WithTools(offered)}
	if order.Streamed {
		// It also shows the calls, as JSON, so nothing is reported of what it shows.
		options = append(options, llms.WithStreamingFunc(
			func(context.Context, []byte) error { return nil }))
	}
	messages := messagesOf(order)
	for {
		choice, err := generate(order, messages, options...)
		if err != nil {
			return driver.End{}, err
		}
		if len(choice.ToolCalls) == 0 {
			return end(choice), nil
		}
		more, err := called(choice.ToolCalls)
		if err != nil {
			return driver.End{}, err
		}
		messages = append(messages, more...)
	}
}

// Its errors say of a deadline only in words that it has passed.
func report(err error) driver.Failure {
	isTimeout := errors.Is(err, context.DeadlineExceeded) ||
		strings.HasPrefix(err.Error(), "request timeout")
	return driver.Fail(err, isTimeout)
}

func main() {
	driver.Serve(driver.Handlers{"chat": chat, "stream": stream, "tools": tools}, report)
}
