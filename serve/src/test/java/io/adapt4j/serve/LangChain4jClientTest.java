package io.adapt4j.serve;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.AuthenticationException;
import dev.langchain4j.exception.ModelNotFoundException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import io.adapt4j.core.SmallEmbedder;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** LangChain4j's client of OpenAI asks the server. */
@Timeout(120)
class LangChain4jClientTest {

  private static final String KEY = "a-key";
  private static final String QUESTION = "Tell me of Lily.";

  private static TextEmbedder embedder;
  private static TestServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    embedder = TextEmbedder.load(ModelSource.path(SmallEmbedder.write(folder)), Precision.FP32);
    server = TestServer.start(s -> s.apiKey(KEY).embedder("vectors", embedder));
  }

  @AfterAll
  static void stop() {
    server.close();
    embedder.close();
  }

  private static String url() {
    return server.uri("/v1").toString();
  }

  private static OpenAiChatModel.OpenAiChatModelBuilder chat() {
    return OpenAiChatModel.builder()
        .baseUrl(url())
        .apiKey(KEY)
        .modelName(TestServer.MODEL)
        .temperature(0.0)
        .maxRetries(0)
        .maxTokens(20);
  }

  private static Generation alone() {
    return server
        .languageModel()
        .chat(
            List.of(ChatMessage.user(QUESTION)),
            GenerationOptions.greedy().toBuilder().maxNewTokens(20).build(),
            piece -> {});
  }

  @Test
  void itChats() {
    ChatResponse response = chat().build().chat(UserMessage.from(QUESTION));
    assertThat(response.aiMessage().text()).isEqualTo(alone().text());
    assertThat(response.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(response.tokenUsage().inputTokenCount()).isEqualTo(alone().promptTokens());
    assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(20);
  }

  @Test
  void itStreams() {
    OpenAiStreamingChatModel model =
        OpenAiStreamingChatModel.builder()
            .baseUrl(url())
            .apiKey(KEY)
            .modelName(TestServer.MODEL)
            .temperature(0.0)
            .maxTokens(20)
            .build();
    StringBuilder text = new StringBuilder();
    CompletableFuture<ChatResponse> complete = new CompletableFuture<>();
    model.chat(
        QUESTION,
        new StreamingChatResponseHandler() {
          @Override
          public void onPartialResponse(String piece) {
            text.append(piece);
          }

          @Override
          public void onCompleteResponse(ChatResponse response) {
            complete.complete(response);
          }

          @Override
          public void onError(Throwable error) {
            complete.completeExceptionally(error);
          }
        });
    ChatResponse response = complete.join();
    assertThat(text).hasToString(alone().text());
    assertThat(response.aiMessage().text()).isEqualTo(alone().text());
    assertThat(response.tokenUsage().outputTokenCount()).isEqualTo(20);
  }

  @Test
  void itEmbeds() {
    OpenAiEmbeddingModel model =
        OpenAiEmbeddingModel.builder()
            .baseUrl(url())
            .apiKey(KEY)
            .modelName("vectors")
            .maxRetries(0)
            .build();
    List<Embedding> found =
        model.embedAll(List.of(TextSegment.from("a cat"), TextSegment.from("a dog"))).content();
    assertThat(found.get(0).vector())
        .isEqualTo(embedder.embedAll(List.of("a cat", "a dog")).get(0));
    assertThat(found.get(1).vector())
        .isEqualTo(embedder.embedAll(List.of("a cat", "a dog")).get(1));
  }

  @Test
  void itKnowsTheErrors() {
    refuses(AuthenticationException.class, () -> chat().apiKey("another").build().chat(QUESTION));
    refuses(ModelNotFoundException.class, () -> chat().modelName("another").build().chat(QUESTION));
  }
}
