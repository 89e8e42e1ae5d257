package io.adapt4j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.data.message.ChatMessageType;
import dev.langchain4j.memory.ChatMemory;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.listener.ChatModelErrorContext;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.listener.ChatModelRequestContext;
import dev.langchain4j.model.chat.listener.ChatModelResponseContext;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.retrieve.SearchBy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What users of LangChain4j ask for, each in the hands of the real one. */
class WishesTest {

  @AutoClose private static final LanguageModel model = TestModel.load();

  /** A tool of an application. */
  static final class Weather {

    @Tool(name = "getWeather", value = "The weather in a city.")
    String weather(String city) {
      return "sunny in " + city;
    }
  }

  /** An assistant that answers at once or in pieces. */
  interface Assistant {
    String answer(String question);

    TokenStream stream(String question);
  }

  private static Assistant assistant(ChatMemory memory) {
    return AiServices.builder(Assistant.class)
        .chatModel(
            Adapt4jChatModel.builder()
                .replier("one", new ModelReplier(model, new Script()))
                .build())
        .streamingChatModel(
            Adapt4jStreamingChatModel.builder()
                .replier("one", new ModelReplier(model, new Script()))
                .build())
        .chatMemory(memory)
        .tools(new Weather())
        .build();
  }

  private static ChatResponse streamed(Assistant assistant, StringBuilder text) throws Exception {
    CompletableFuture<ChatResponse> end = new CompletableFuture<>();
    assistant.stream("The weather in Munich?")
        .onPartialResponse(text::append)
        .onCompleteResponse(end::complete)
        .onError(end::completeExceptionally)
        .start();
    return end.get(20, TimeUnit.SECONDS);
  }

  @Test
  void hybridRetrievalIsRerankedBeforeTheModelReads(@TempDir Path folder) throws Exception {
    RetrievalOptions options =
        RetrievalOptions.builder()
            .searchBy(SearchBy.BOTH)
            .reranker(
                (question, texts) ->
                    texts.stream()
                        .mapToDouble(text -> text.contains("worms") ? 0.9 : 0.1)
                        .toArray())
            .limit(2)
            .build();
    try (Rag rag =
        Rag.builder().index(folder).embeddings(new Letters()).retrieval(options).build()) {
      rag.add(
          List.of(
              new Document("otter.txt", "", "Badgers are not otters; otters eat fish.", Map.of()),
              new Document("badger.txt", "", "They eat worms.", Map.of()),
              new Document("owl.txt", "", "Owls eat mice.", Map.of())));
      assertThat(
              LangChain4jRetrieval.contentRetriever(
                      Retriever.of(rag.index(), new Letters(), options))
                  .retrieve(Query.from("What do badgers eat?")))
          .extracting(content -> content.textSegment().text())
          .containsExactly("They eat worms.", "Badgers are not otters; otters eat fish.");
    }
  }

  @Test
  void toolsAreCalledInAStream() throws Exception {
    StringBuilder text = new StringBuilder();
    streamed(assistant(MessageWindowChatMemory.withMaxMessages(10)), text);
    assertThat(text).contains("The tools say: ", "sunny in Munich");
  }

  @Test
  void messagesOfToolsAreKeptInMemory() {
    ChatMemory memory = MessageWindowChatMemory.withMaxMessages(10);
    assistant(memory).answer("The weather in Munich?");
    assertThat(memory.messages())
        .extracting(message -> message.type())
        .containsExactly(
            ChatMessageType.USER,
            ChatMessageType.AI,
            ChatMessageType.TOOL_EXECUTION_RESULT,
            ChatMessageType.AI);
  }

  @Test
  void usageComesWithTheEndOfAStream() throws Exception {
    ChatResponse response =
        streamed(assistant(MessageWindowChatMemory.withMaxMessages(10)), new StringBuilder());
    assertThat(response.tokenUsage().inputTokenCount()).isPositive();
    assertThat(response.tokenUsage().outputTokenCount()).isPositive();
  }

  @Test
  void listenersHearOfRequestsAnswersAndFailures() {
    List<String> heard = new ArrayList<>();
    ChatModelListener listener =
        new ChatModelListener() {
          @Override
          public void onRequest(ChatModelRequestContext context) {
            heard.add("request " + context.chatRequest().modelName());
          }

          @Override
          public void onResponse(ChatModelResponseContext context) {
            heard.add("answer " + context.chatResponse().aiMessage().text());
          }

          @Override
          public void onError(ChatModelErrorContext context) {
            heard.add("failure " + context.error().getMessage());
          }
        };
    Adapt4jChatModel.builder()
        .generator("one", (messages, options) -> GeneratedText.of("Yes."))
        .listeners(List.of(listener))
        .build()
        .chat("Really?");
    assertThat(heard).containsExactly("request one", "answer Yes.");
  }
}
