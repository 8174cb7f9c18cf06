// openai-go, the official Go client.
package main

import (
	"context"
	"errors"
	"os"

	"clients/driver"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

var client = openai.NewClient(option.WithBaseURL(os.Getenv("GATEWAY")),
	option.WithAPIKey("unused"), option.WithMaxRetries(0))

func parameters(order driver.Order) openai.ChatCompletionNewParams {
	made := openai.ChatCompletionNewParams{Model: order.Model}
	for _, message := range order.Messages {
		switch message.Role {
		case "system":
			made.Messages = append(made.Messages, openai.SystemMessage(message.Content))
		case "assistant":
			made.Messages = append(made.Messages, openai.AssistantMessage(message.Content))
		default:
			made.Messages = append(made.Messages, openai.UserMessage(message.Content))
		}
	}
	return made
}

func usageOf(usage openai.CompletionUsage) *driver.Usage {
	if usage.TotalTokens == 0 {
		return nil
	}
	return &driver.Usage{Prompt: usage.PromptTokens, Completion: usage.CompletionTokens,
		Total: usage.TotalTokens, Cached: usage.PromptTokensDetails.CachedTokens}
}

func chat(order driver.Order) (driver.End, error) {
	deadline, cancel := context.WithTimeout(context.Background(), order.Deadline())
	defer cancel()
	done, err := client.Chat.Completions.New(deadline, parameters(order))
	if err != nil {
		return driver.End{}, err
	}
	choice := done.Choices[0]
	return driver.End{Text: choice.Message.Content, Finish: choice.FinishReason,
		Usage: usageOf(done.Usage)}, nil
}

func stream(order driver.Order) (driver.End, error) {
	deadline, cancel := context.WithTimeout(context.Background(), order.Deadline())
	defer cancel()
	asked := parameters(order)
	if order.Usage {
		asked.StreamOptions.IncludeUsage = openai.Bool(true)
	}
	chunks := client.Chat.Completions.NewStreaming(deadline, asked)
	defer chunks.Close()
	collected, end := driver.Collect(order), driver.End{}
	for chunks.Next() {
		chunk := chunks.Current()
		if chunk.JSON.Usage.Valid() {
			end.Usage = usageOf(chunk.Usage)
		}
		for _, choice := range chunk.Choices {
			if choice.FinishReason != "" {
				end.Finish = choice.FinishReason
			}
			if collected.Add(choice.Delta.Content) {
				return collected.Left(), nil
			}
		}
	}
	end.Text = collected.Text
	return end, chunks.Err()
}

func report(err error) driver.Failure {
	failure := driver.Fail(err, errors.Is(err, context.DeadlineExceeded))
	var refused *openai.Error
	if errors.As(err, &refused) {
		failure.Status, failure.Code = &refused.StatusCode, &refused.Code
		failure.Message = refused.Message
	}
	return failure
}

func main() {
	driver.Serve(driver.Handlers{"chat": chat, "stream": stream}, report)
}
