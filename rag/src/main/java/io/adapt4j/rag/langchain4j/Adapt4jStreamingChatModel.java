package io.adapt4j.rag.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.TextGenerator;
import java.util.List;

/** A generator of ours as a streaming chat model of LangChain4j. */
record Adapt4jStreamingChatModel(TextGenerator generator, GenerationOptions options)
    implements StreamingChatModel {

  @Override
  public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
    GenerationOptions asked = Requests.options(request, options);
    List<ChatMessage> messages = Requests.messages(request);
    ChatResponse response;
    try {
      response = Responses.of(generator.stream(messages, asked, handler::onPartialResponse));
    } catch (GeneratorException e) {
      handler.onError(Responses.failure(e));
      return;
    }
    handler.onCompleteResponse(response);
  }
}
