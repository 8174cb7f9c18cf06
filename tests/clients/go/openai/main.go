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

func offered() (made []openai.ChatCompletionToolUnionParam) {
	for _, tool := range driver.Tools {
		made = append(made, openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
			Name: tool.Name, Description: openai.String(tool.Description),
			Parameters: driver.Parameters}))
	}
	return made
}

// answer is the next one of a loop; of a stream what the package's accumulator puts together.
func answer(ctx context.Context, asked openai.ChatCompletionNewParams,
	streamed bool) (*openai.ChatCompletion, error) {
	if !streamed {
		return client.Chat.Completions.New(ctx, asked)
	}
	chunks := client.Chat.Completions.NewStreaming(ctx, asked)
	defer chunks.Close()
	collected, whole := driver.Collect(driver.Order{}), openai.ChatCompletionAccumulator{}
	for chunks.Next() {
		whole.AddChunk(chunks.Current())
		for _, choice := range chunks.Current().Choices {
			collected.Add(choice.Delta.Content)
		}
	}
	return &whole.ChatCompletion, chunks.Err()
}

func tools(order driver.Order) (driver.End, error) {
	deadline, cancel := context.WithTimeout(context.Background(), order.Deadline())
	defer cancel()
	asked := parameters(order)
	asked.Tools = offered()
	for {
		done, err := answer(deadline, asked, order.Streamed)
		if err != nil {
			return driver.End{}, err
		}
		message := done.Choices[0].Message
		if len(message.ToolCalls) == 0 {
			return driver.End{Text: message.Content, Finish: done.Choices[0].FinishReason}, nil
		}
		asked.Messages = append(asked.Messages, message.ToParam())
		for _, call := range message.ToolCalls {
			text, err := driver.Run(call.Function.Name, call.Function.Arguments)
			if err != nil {
				return driver.End{}, err
			}
			asked.Messages = append(asked.Messages, openai.ToolMessage(text, call.ID))
		}
	}
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
	driver.Serve(driver.Handlers{"chat": chat, "stream": stream, "tools": tools}, report)
}
