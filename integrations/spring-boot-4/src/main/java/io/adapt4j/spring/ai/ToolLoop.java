package io.adapt4j.spring.ai;

import java.util.function.Function;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingManager;
import reactor.core.publisher.Flux;

/** Passes calls on: from Spring AI 2.0 on, the {@code ChatClient} runs tools and asks again. */
record ToolLoop(ToolCallingManager tools) {

  ChatResponse next(Prompt prompt, ChatResponse response, Function<Prompt, ChatResponse> model) {
    return response;
  }

  Flux<ChatResponse> nextOfStream(
      Prompt prompt, ChatResponse response, Function<Prompt, Flux<ChatResponse>> model) {
    return Flux.just(response);
  }
}
