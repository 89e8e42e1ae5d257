package io.adapt4j.spring.ai;

import java.util.function.Function;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.DefaultToolExecutionEligibilityPredicate;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.model.tool.ToolExecutionEligibilityPredicate;
import org.springframework.ai.model.tool.ToolExecutionResult;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

/** Runs the tools that an answer calls and asks again: Spring AI 1.1 leaves that to models. */
record ToolLoop(ToolCallingManager tools) {

  private static final ToolExecutionEligibilityPredicate REQUIRED =
      new DefaultToolExecutionEligibilityPredicate();

  ChatResponse next(Prompt prompt, ChatResponse response, Function<Prompt, ChatResponse> model) {
    if (!REQUIRED.isToolExecutionRequired(prompt.getOptions(), response)) {
      return response;
    }
    ToolExecutionResult result = tools.executeToolCalls(prompt, response);
    return result.returnDirect()
        ? direct(response, result)
        : model.apply(new Prompt(result.conversationHistory(), prompt.getOptions()));
  }

  Flux<ChatResponse> nextOfStream(
      Prompt prompt, ChatResponse response, Function<Prompt, Flux<ChatResponse>> model) {
    if (!REQUIRED.isToolExecutionRequired(prompt.getOptions(), response)) {
      return Flux.just(response);
    }
    return Flux.defer(
            () -> {
              ToolExecutionResult result = tools.executeToolCalls(prompt, response);
              return result.returnDirect()
                  ? Flux.just(direct(response, result))
                  : model.apply(new Prompt(result.conversationHistory(), prompt.getOptions()));
            })
        .subscribeOn(Schedulers.boundedElastic());
  }

  private static ChatResponse direct(ChatResponse response, ToolExecutionResult result) {
    return ChatResponse.builder()
        .from(response)
        .generations(ToolExecutionResult.buildGenerations(result))
        .build();
  }
}
