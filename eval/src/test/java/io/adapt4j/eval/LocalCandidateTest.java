package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.metric.Perplexity;
import io.adapt4j.eval.metric.SlidingWindow;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the trained model of the examples. */
class LocalCandidateTest {

  private static final String OPENING = "Once upon a time, there was a little girl named Lily.";

  @AutoClose
  private static final LanguageModel model =
      LanguageModel.load(ModelSource.path(Path.of("../examples/models/stories260K")));

  @Test
  void givesTheLikelihoodsOfTheModelItself() {
    List<Request.Likelihood> requests =
        List.of(
            new Request.Likelihood(OPENING, " She loved to play outside in the park."),
            new Request.Likelihood(OPENING, " Stock prices fell."),
            new Request.Likelihood("Tom had", " a dog."));

    List<Reply> replies = Candidate.of(model).reply(requests).replies();

    for (int i = 0; i < requests.size(); i++) {
      Request.Likelihood request = requests.get(i);
      assertThat(((Reply.Likelihood) replies.get(i)).logProbability())
          .isCloseTo(model.score(request.context(), request.continuation()).sum(), within(1e-4));
    }
  }

  @Test
  void refusesLikelihoodsThatAreNoNumbersWithTheTextTheyAreOf(@TempDir Path folder)
      throws IOException {
    Path sound = Path.of("../examples/models/stories260K");
    for (String name : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
      Files.copy(sound.resolve(name), folder.resolve(name));
    }
    byte[] weights = Files.readAllBytes(sound.resolve("model.safetensors"));
    damage(weights, "model.norm.weight");
    Files.write(folder.resolve("model.safetensors"), weights);

    try (LanguageModel damaged = LanguageModel.load(ModelSource.path(folder))) {
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  Candidate.of(damaged)
                      .reply(List.of(new Request.Likelihood("Tom had", " a dog."))))
          .withMessageContaining("'a dog.'")
          .withMessageContaining("not a number");
    }
  }

  /** Makes the values of a tensor NaN. */
  private static void damage(byte[] safetensors, String tensor) {
    int header = ByteBuffer.wrap(safetensors).order(ByteOrder.LITTLE_ENDIAN).getInt();
    String json = new String(safetensors, 8, header, StandardCharsets.UTF_8);
    Matcher place =
        Pattern.compile("\"" + tensor + "\".*?\"data_offsets\":\\s*\\[(\\d+),\\s*(\\d+)")
            .matcher(json);
    assertThat(place.find()).isTrue();
    int data = 8 + header;
    Arrays.fill(
        safetensors,
        data + Integer.parseInt(place.group(1)),
        data + Integer.parseInt(place.group(2)),
        (byte) -1);
  }

  @Test
  void scoresTextsLongerThanTheContextInWindows() {
    String text = OPENING.repeat(60);
    SlidingWindow whole = new SlidingWindow(model.contextLength(), model.contextLength());
    Perplexity expected = Metrics.perplexity().of(whole.sum(model, text), text);

    EvaluationReport report =
        Evaluator.builder()
            .tasks(Tasks.perplexity("long", List.of(text)))
            .build()
            .evaluate(Candidate.of(model));

    assertThat(model.tokenizer().encode(text, false).length).isGreaterThan(model.contextLength());
    assertThat(report.result("long").score().value())
        .isCloseTo(expected.bitsPerByte(), within(1e-6));
    assertThat(report.result("long").metrics().get("perplexity").value())
        .isCloseTo(expected.perToken(), within(1e-4));
  }

  @Test
  void choosesSensibleEndingsAndWritesStories() {
    Task endings =
        new Task(
            "endings",
            List.of(
                ending("1", "One day, a little dog found a", "ball.", "stock exchange."),
                ending("2", "Lily was very sad. She started to", "cry.", "parliament.")),
            List.of(TaskMetric.mean("acc")),
            false);
    Task story =
        new Task(
            "story",
            List.of(
                Tasks.answerItem(
                    "1",
                    OPENING,
                    GenerationOptions.builder().temperature(0).maxNewTokens(24).build(),
                    List.of(""),
                    AnswerExtraction.whole(),
                    AnswerMetric.SQUAD,
                    Map.of())),
            List.of(TaskMetric.mean("f1")),
            false);

    EvaluationReport report =
        Evaluator.builder().tasks(endings, story).build().evaluate(Candidate.of(model));

    assertThat(report.result("endings").score().value()).isEqualTo(1);
    assertThat(report.result("story").outcomes().get(0).got())
        .isEqualTo(
            model.generate(
                OPENING, GenerationOptions.builder().temperature(0).maxNewTokens(24).build()));
    assertThat(report.cost().newTokens()).isEqualTo(24);
    assertThat(report.cost().candidate()).isPositive();
  }

  private static Item ending(String id, String context, String right, String wrong) {
    return Tasks.choiceItem(id, context, List.of(right, wrong), " ", List.of(0), Map.of());
  }

  @Test
  void aTemplateThatWasSetIsPartOfTheIdentityUnlessAnotherIsGiven() {
    try (LanguageModel other =
        LanguageModel.load(ModelSource.path(Path.of("../examples/models/stories260K")))) {
      String plain = Candidate.of(other).identity();
      other.useChatTemplate(ChatTemplate.of("{{ messages[0]['content'] }}", Map.of()));

      assertThat(Candidate.chat(other).identity()).startsWith(plain + " template ");
      assertThat(Candidate.chat(other, "stories, plain").identity())
          .isEqualTo("stories, plain (chat)");
      assertThat(Candidate.of(other, "stories, plain").identity()).isEqualTo("stories, plain");
    }
  }

  @Test
  void findsNoDifferenceBetweenAModelAndItself() {
    Task texts = Tasks.perplexity("texts", List.of(OPENING, "Tom had a red ball.")).general();
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", Candidate.of(model));
    candidates.put("same", Candidate.of(model));

    TaskComparison same =
        Evaluator.builder().tasks(texts).build().compare(candidates).comparison("same", "texts");

    assertThat(same.difference().value()).isZero();
    assertThat(same.ties()).isEqualTo(2);
    assertThat(same.pValue()).isEqualTo(1);
    assertThat(same.retention().orElseThrow().verdict()).isEqualTo(Retention.Verdict.KEPT);
  }
}
