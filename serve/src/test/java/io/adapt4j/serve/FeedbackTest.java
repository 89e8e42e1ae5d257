package io.adapt4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.Json;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.feedback.ServedAnswer;
import io.adapt4j.serve.feedback.ServedFeedback;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers are recorded, and feedback on them is taken, where the application wants that. */
@Timeout(120)
class FeedbackTest {

  private static final String CHAT = "/v1/chat/completions";
  private static final String PATH = "/v1/feedback";
  private static final String ASK =
      "{'model':'stories','max_tokens':8,'messages':[{'role':'user','content':'Once'}]";

  private static final Recorded recorded = new Recorded();

  @AutoClose private static TestServer server;

  private static final class Recorded implements AnswerRecorder {

    private final List<ServedAnswer> answers = new CopyOnWriteArrayList<>();
    private final List<ServedFeedback> feedback = new CopyOnWriteArrayList<>();

    @Override
    public void answered(ServedAnswer answer) {
      answers.add(answer);
      if (answer.user().filter("broken"::equals).isPresent()) {
        throw new IllegalStateException("the disk is full");
      }
    }

    @Override
    public boolean judged(ServedFeedback about) {
      if (about.correction().filter("too long"::equals).isPresent()) {
        throw new IllegalArgumentException("correction: too long");
      }
      feedback.add(about);
      return answers.stream().anyMatch(answer -> answer.id().equals(about.id()));
    }
  }

  @BeforeAll
  static void start() {
    server = TestServer.start(settings -> settings.recorder(recorded).apiKey("secret"));
  }

  @BeforeEach
  void forget() {
    recorded.answers.clear();
    recorded.feedback.clear();
  }

  private static HttpResponse<String> post(String path, String json) throws Exception {
    return server.send(server.request(path, json).header("Authorization", "Bearer secret").build());
  }

  @Test
  void anAnswerIsRecordedUnderItsId() throws Exception {
    JsonNode answer = Json.parse(post(CHAT, ASK + ",'user':'ann','store':true,'n':2}").body());
    assertThat(recorded.answers).hasSize(2);
    ServedAnswer first = recorded.answers.get(0);
    assertThat(first.id()).isEqualTo(answer.path("id").asText());
    assertThat(recorded.answers.get(1).id()).isEqualTo(first.id() + "-1");
    assertThat(first.text()).isEqualTo(answer.at("/choices/0/message/content").asText());
    assertThat(first.messages()).containsExactly(ChatMessage.user("Once"));
    assertThat(first.model()).isEqualTo("stories");
    assertThat(first.user()).contains("ann");
    assertThat(first.store()).contains(true);
  }

  @Test
  void aStreamedAnswerIsRecordedToo() throws Exception {
    String events = post(CHAT, ASK + ",'stream':true}").body();
    assertThat(recorded.answers)
        .singleElement()
        .satisfies(answer -> assertThat(events).contains(answer.id()))
        .satisfies(answer -> assertThat(answer.text()).isNotBlank())
        .satisfies(answer -> assertThat(answer.store()).isEmpty());
  }

  @Test
  void everyChoiceOfCompletionsIsRecordedWithItsPrompt() throws Exception {
    String ask =
        "{'model':'stories','max_tokens':8,'prompt':['Once','Tom'],'n':2,'user':'ann',"
            + "'seed':1,'echo':true";
    JsonNode answer = Json.parse(post("/v1/completions", ask + "}").body());
    List<ServedAnswer> whole = List.copyOf(recorded.answers);
    assertThat(whole).extracting(ServedAnswer::id).contains(answer.path("id").asText() + "-3");
    assertThat(whole)
        .extracting(one -> one.messages().get(0))
        .containsExactly(
            ChatMessage.user("Once"),
            ChatMessage.user("Once"),
            ChatMessage.user("Tom"),
            ChatMessage.user("Tom"));
    assertThat("Tom" + whole.get(2).text()).isEqualTo(answer.at("/choices/2/text").asText());
    recorded.answers.clear();
    post("/v1/completions", ask + ",'stream':true}");
    assertThat(recorded.answers)
        .extracting(ServedAnswer::text)
        .isEqualTo(whole.stream().map(ServedAnswer::text).toList());
  }

  @Test
  void aResponseIsRecordedWithItsInstructions() throws Exception {
    String ask =
        "{'model':'stories','max_output_tokens':8,'instructions':'Be brief','input':'Once',"
            + "'temperature':0,'store':true";
    JsonNode answer = Json.parse(post("/v1/responses", ask + "}").body());
    String streamed = post("/v1/responses", ask + ",'stream':true}").body();
    assertThat(recorded.answers).hasSize(2);
    ServedAnswer first = recorded.answers.get(0);
    assertThat(first.id()).isEqualTo(answer.path("id").asText());
    assertThat(first.text()).isEqualTo(answer.at("/output/0/content/0/text").asText());
    assertThat(first.messages())
        .containsExactly(ChatMessage.system("Be brief"), ChatMessage.user("Once"));
    assertThat(first.store()).contains(true);
    assertThat(streamed).contains(recorded.answers.get(1).id());
    assertThat(recorded.answers.get(1).text()).isEqualTo(first.text());
  }

  @Test
  void anAnswerIsSentEvenIfItCannotBeRecorded() throws Exception {
    assertThat(post(CHAT, ASK + ",'user':'broken'}").statusCode()).isEqualTo(200);
  }

  @Test
  void feedbackReachesTheRecorder() throws Exception {
    String id = Json.parse(post(CHAT, ASK + "}").body()).path("id").asText();
    HttpResponse<String> response =
        post(
            PATH,
            "{'id':'%s','rating':4,'correction':'Better','flag':'tone','user':'ann','store':false}"
                .formatted(id));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(Json.parse(response.body()).path("recorded").asBoolean()).isTrue();
    assertThat(recorded.feedback)
        .containsExactly(
            new ServedFeedback(
                id,
                Optional.of("4"),
                Optional.of("Better"),
                Optional.empty(),
                Optional.of("tone"),
                Optional.of("ann"),
                Optional.of(false)));
    assertThat(post(PATH, "{'id':'unknown','rating':'up'}").statusCode()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'rating':'up'}",
        "{'id':'x'}",
        "{'id':'x','rating':6}",
        "{'id':'x','rating':'good'}",
        "{'id':'x','rating':1.5}",
        "{'id':'x','correction':' '}",
        "{'id':'x','correction':7}",
        "{'id':'x','correction':'too long'}",
        "{'id':'x','rating':'up','comment':'nice'}",
        "{'id':'x','rating':'up','store':'yes'}",
      })
  void whatIsNoFeedbackIsRefused(String request) throws Exception {
    assertThat(post(PATH, request).statusCode()).isEqualTo(400);
    assertThat(recorded.feedback).isEmpty();
  }

  @Test
  void feedbackNeedsAKey() throws Exception {
    assertThat(server.post(PATH, "{'id':'x','rating':'up'}").statusCode()).isEqualTo(401);
  }

  @Test
  void thePageHasButtonsOnlyWhereFeedbackIsTaken() throws Exception {
    assertThat(server.get("/").body()).contains("const FEEDBACK = true;");
    try (TestServer without = TestServer.start()) {
      assertThat(without.get("/").body()).contains("const FEEDBACK = false;");
      assertThat(without.post(PATH, "{'id':'x','rating':'up'}").statusCode()).isEqualTo(404);
      assertThat(without.post(CHAT, ASK + ",'store':true}").statusCode()).isEqualTo(400);
    }
  }
}
