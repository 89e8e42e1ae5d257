package io.adapt4j.examples.spring;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.http.MediaType;
import org.springframework.http.codec.ServerSentEvent;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;

/** Streams answers. A disconnecting browser ends its answer. */
@RestController
class ChatController {

  private final ChatModel model;

  ChatController(ChatModel model) {
    this.model = model;
  }

  @GetMapping(path = "/chat", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
  Flux<ServerSentEvent<Piece>> chat(@RequestParam String message) {
    return model.stream(new Prompt(message))
        .map(ChatController::text)
        .filter(text -> !text.isEmpty())
        .map(text -> ServerSentEvent.builder(new Piece(text)).build())
        .concatWithValues(ServerSentEvent.builder(new Piece("")).event("end").build());
  }

  private static String text(ChatResponse response) {
    String text = response.getResult() == null ? null : response.getResult().getOutput().getText();
    return text == null ? "" : text;
  }

  /** A piece of an answer, as JSON so that spaces and line breaks stay. */
  record Piece(String text) {}
}
