package io.adapt4j.serve;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.openai.OpenAiEmbeddingModel;
import org.springframework.ai.openai.OpenAiEmbeddingOptions;
import org.springframework.ai.openai.api.OpenAiApi;
import org.springframework.ai.retry.NonTransientAiException;
import org.springframework.ai.retry.RetryUtils;

/** Spring AI's client of OpenAI asks the server. */
@Timeout(120)
class SpringAiClientTest {

  private static final String KEY = "a-key";
  private static final Prompt PROMPT =
      new Prompt(List.of(new SystemMessage("Be brief."), new UserMessage("Tell me of Lily.")));

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

  private static OpenAiApi api(String key) {
    return OpenAiApi.builder().baseUrl(server.uri("/").toString()).apiKey(key).build();
  }

  private static OpenAiChatModel chat(String key, String model) {
    return OpenAiChatModel.builder()
        .openAiApi(api(key))
        .defaultOptions(
            OpenAiChatOptions.builder().model(model).temperature(0.0).maxTokens(20).build())
        .retryTemplate(RetryUtils.SHORT_RETRY_TEMPLATE)
        .build();
  }

  private static Generation alone() {
    return server
        .languageModel()
        .chat(
            List.of(ChatMessage.system("Be brief."), ChatMessage.user("Tell me of Lily.")),
            GenerationOptions.greedy().toBuilder().maxNewTokens(20).build(),
            piece -> {});
  }

  @Test
  void itChats() {
    ChatResponse response = chat(KEY, TestServer.MODEL).call(PROMPT);
    assertThat(response.getResult().getOutput().getText()).isEqualTo(alone().text());
    assertThat(response.getResult().getMetadata().getFinishReason()).isEqualTo("LENGTH");
    assertThat(response.getMetadata().getUsage().getPromptTokens())
        .isEqualTo(alone().promptTokens());
    assertThat(response.getMetadata().getUsage().getCompletionTokens()).isEqualTo(20);
  }

  @Test
  void itStreams() {
    List<ChatResponse> responses = chat(KEY, TestServer.MODEL).stream(PROMPT).collectList().block();
    StringBuilder text = new StringBuilder();
    for (ChatResponse response : responses) {
      String piece =
          response.getResult() == null ? null : response.getResult().getOutput().getText();
      text.append(piece == null ? "" : piece);
    }
    assertThat(text).hasToString(alone().text());
    assertThat(responses.size()).isGreaterThan(5);
  }

  @Test
  void itEmbeds() {
    OpenAiEmbeddingModel model =
        new OpenAiEmbeddingModel(
            api(KEY),
            MetadataMode.EMBED,
            OpenAiEmbeddingOptions.builder().model("vectors").build(),
            RetryUtils.SHORT_RETRY_TEMPLATE);
    assertThat(model.embed("a cat")).isEqualTo(embedder.embed("a cat"));
  }

  @Test
  void itKnowsTheErrors() {
    assertThatThrownBy(() -> chat("another", TestServer.MODEL).call(PROMPT))
        .isInstanceOf(NonTransientAiException.class)
        .hasMessageContaining("invalid_api_key");
    refuses(
        NonTransientAiException.class, () -> chat(KEY, "another").call(PROMPT), "model_not_found");
  }
}
