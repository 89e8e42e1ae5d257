package io.adapt4j.rag.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.TextGenerator;

/** A generator of ours as a chat model of LangChain4j. */
record Adapt4jChatModel(TextGenerator generator, GenerationOptions options) implements ChatModel {

  @Override
  public ChatResponse doChat(ChatRequest request) {
    GenerationOptions asked = Requests.options(request, options);
    try {
      return Responses.of(generator.generate(Requests.messages(request), asked));
    } catch (GeneratorException e) {
      throw Responses.failure(e);
    }
  }
}
