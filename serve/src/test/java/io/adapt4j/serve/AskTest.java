package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.feedback.ServedFeedback;
import io.adapt4j.serve.rag.RagAnswers;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers from documents, by a {@link Rag} with a generator that says what it is told to. */
@Timeout(120)
class AskTest {

  private static final String PATH = "/v1/rag/ask";
  private static final String DOCUMENT =
      "Goods may be returned within 30 days. Postage is paid by us, except for furniture.";
  private static final String ANSWER =
      "Within a month [1]: \"returned within 30 days\". Somebody else says more [7].";

  @TempDir private static Path folder;

  private static Rag rag;
  private static TestServer server;

  @BeforeAll
  static void start() throws Exception {
    rag =
        Rag.builder()
            .index(folder.resolve("index"))
            .embeddings(new Letters())
            .generator(new Parrot())
            .build();
    rag.add(List.of(Document.of("returns", DOCUMENT)));
    server = TestServer.start(s -> s.questionAnswering("help", new RagAnswers(rag)));
  }

  @AfterAll
  static void stop() {
    server.close();
    rag.close();
  }

  /** Counts letters. */
  static final class Letters implements TextEmbeddings {

    @Override
    public String identity() {
      return "letters";
    }

    @Override
    public int dimension() {
      return 26;
    }

    @Override
    public List<float[]> passages(List<String> texts) {
      return texts.stream().map(Letters::vector).toList();
    }

    @Override
    public float[] query(String text) {
      return vector(text);
    }

    private static float[] vector(String text) {
      float[] counts = new float[26];
      double squares = 0;
      for (int letter : text.toLowerCase(Locale.ROOT).chars().toArray()) {
        if (letter >= 'a' && letter <= 'z') {
          counts[letter - 'a']++;
        }
      }
      for (float count : counts) {
        squares += count * count;
      }
      for (int i = 0; i < counts.length; i++) {
        counts[i] /= (float) Math.sqrt(squares);
      }
      return counts;
    }
  }

  /** Says the same whatever is asked, word by word. */
  private static final class Parrot implements TextGenerator {

    @Override
    public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
      return new GeneratedText(
          ANSWER, FinishReason.STOP, Optional.of(new TokenUsage(70, 15)), false);
    }

    @Override
    public GeneratedText stream(
        List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
      for (String word : ANSWER.split("(?<= )", -1)) {
        onText.accept(word);
      }
      return generate(messages, options);
    }
  }

  private static void assertAnswer(JsonNode answer) {
    assertThat(answer.path("object").asText()).isEqualTo("rag.answer");
    assertThat(answer.path("answer").asText()).isEqualTo(ANSWER);
    assertThat(answer.path("answerable").booleanValue()).isTrue();
    // One number is no source's.
    assertThat(answer.path("checked").booleanValue()).isFalse();
    assertThat(answer.path("unknown_citations").toString()).isEqualTo("[7]");
    assertThat(answer.path("citations")).hasSize(1);
    JsonNode citation = answer.at("/citations/0");
    assertThat(citation.path("number").asInt()).isEqualTo(1);
    assertThat(citation.path("document_id").asText()).isEqualTo("returns");
    assertThat(citation.path("verified").booleanValue()).isTrue();
    String text = citation.path("text").asText();
    assertThat(DOCUMENT.substring(citation.path("start").asInt(), citation.path("end").asInt()))
        .isEqualTo(text);
    JsonNode quote = citation.at("/quotes/0");
    assertThat(text.substring(quote.path("start").asInt(), quote.path("end").asInt()))
        .isEqualTo("returned within 30 days");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAnswerIsRecordedUnderItsId(boolean streams) throws Exception {
    List<ServedAnswer> recorded = new CopyOnWriteArrayList<>();
    AnswerRecorder recorder =
        new AnswerRecorder() {
          @Override
          public void answered(ServedAnswer answer) {
            recorded.add(answer);
          }

          @Override
          public boolean judged(ServedFeedback feedback) {
            return false;
          }
        };
    try (TestServer recording =
        TestServer.start(
            s -> s.questionAnswering("help", new RagAnswers(rag)).recorder(recorder))) {
      String body =
          recording
              .post(
                  PATH,
                  "{'model':'help','question':'Within how many days may goods be returned?','user':'ann','store':true,'stream':"
                      + streams
                      + "}")
              .body();
      assertThat(recorded).hasSize(1);
      ServedAnswer answer = recorded.get(0);
      assertThat(body).contains(answer.id());
      assertThat(answer.text()).isEqualTo(ANSWER);
      assertThat(answer.messages())
          .containsExactly(ChatMessage.user("Within how many days may goods be returned?"));
      assertThat(answer.user()).contains("ann");
      assertThat(answer.store()).contains(true);
    }
  }

  @Test
  void anAnswerNamesItsSourcesAndWhatItQuotesOfThem() throws Exception {
    assertAnswer(server.answer(PATH, "{'model':'help','question':'When may goods be returned?'}"));
  }

  @Test
  void tokensAreToldAndCounted() throws Exception {
    try (TestServer counted =
        TestServer.start(s -> s.questionAnswering("faq", new RagAnswers(rag)))) {
      String ask = "{'model':'faq','question':'When may goods be returned?'}";
      JsonNode usage = counted.answer(PATH, ask).get("usage");
      assertThat(usage.get("prompt_tokens").asInt()).isEqualTo(70);
      assertThat(usage.get("completion_tokens").asInt()).isEqualTo(15);
      counted.events(PATH, ask.replace("}", ",'stream':true}"));
      counted.log(2);
      assertThat(counted.get("/metrics").body())
          .contains("adapt4j_prompt_tokens_total{model=\"faq\"} 140\n")
          .contains("adapt4j_generated_tokens_total{model=\"faq\"} 30\n");
    }
  }

  @Test
  void aFailureAfterTheStatusWasSentIsStillTold() throws Exception {
    QuestionAnswering late =
        (conversation, onText, cancellation) -> {
          try {
            Thread.sleep(1_600);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new IllegalArgumentException("this is too hard");
        };
    try (TestServer slow = TestServer.start(s -> s.questionAnswering("slow", late));
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), slow.server().port())) {
      String ask = "{\"model\":\"slow\",\"question\":\"Why?\"}";
      String request =
          "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(PATH, ask.length(), ask);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      String said = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(said)
          .startsWith("HTTP/1.1 200")
          .contains("\"error\"", "this is too hard", "\"param\":\"question\"");
      // It breaks off, so that nobody takes it for an answer.
      assertThat(said).doesNotEndWith("0\r\n\r\n");
    }
  }

  @Test
  void aQuestionAsLongAsABookIsRefused() throws Exception {
    JsonNode error =
        Json.parse(
                server
                    .post(PATH, "{'model':'help','question':'" + "When? ".repeat(100_000) + "'}")
                    .body())
            .get("error");
    assertThat(error.get("param").asText()).isEqualTo("question");
    assertThat(error.get("message").asText()).contains("at most 32768 characters, found 600000");
  }

  @Test
  void aConversationIsAnsweredToo() throws Exception {
    assertAnswer(
        server.answer(
            PATH,
            "{'model':'help','messages':[{'role':'user','content':'When may goods be"
                + " returned?'}]}"));
  }

  @Test
  void aStreamHasTheTextInPiecesAndThenTheWholeAnswer() throws Exception {
    List<JsonNode> events =
        server.events(
            PATH, "{'model':'help','question':'When may goods be returned?','stream':true}");
    StringBuilder text = new StringBuilder();
    events.forEach(event -> text.append(event.path("delta").asText("")));
    assertThat(text).hasToString(ANSWER);
    assertThat(events.size()).isGreaterThan(8);
    assertAnswer(events.get(events.size() - 1));
  }

  @Test
  void whatIsNoQuestionIsRefused() throws Exception {
    for (String request :
        List.of(
            "{'model':'help'}",
            "{'model':'help','question':'  '}",
            "{'model':'help','question':'Why?','top_k':5}",
            "{'model':'stories','question':'Why?'}")) {
      assertThat(server.post(PATH, request).statusCode()).as(request).isEqualTo(400);
    }
    assertThat(
            Json.parse(server.post(PATH, "{'model':'help','question':'  '}").body())
                .at("/error/param")
                .asText())
        .isEqualTo("question");
  }
}
