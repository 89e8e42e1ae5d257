package io.adapt4j.core.finetune;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.reinforce.Environment;
import io.adapt4j.core.reinforce.Episode;
import io.adapt4j.core.reinforce.EpisodeLimits;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Reply;
import io.adapt4j.core.reinforce.Tool;
import io.adapt4j.core.reinforce.Turn;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.StopReason;
import io.adapt4j.core.train.TrainingException;
import io.adapt4j.core.train.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A policy acts for several turns, and learns from its own tokens only. */
class EpisodeRunTest {

  private static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}"
          + "{% if m.role == 'assistant' %}</s>{% else %}\n{% endif %}{% endfor %}"
          + "{% if add_generation_prompt %}bot:{% endif %}";

  /** Asks for another answer once, and rewards the letter e in both. */
  private static final Environment TWICE =
      fields -> turn -> (turn.number() == 1 ? Reply.say("More") : Reply.end()).withReward(es(turn));

  private static double es(Turn turn) {
    return turn.text().chars().filter(c -> c == 'e').count() / (1.0 + turn.text().length());
  }

  @TempDir private static Path shared;
  private static Path talker;

  @TempDir private Path folder;
  private Path model;

  /** Teaches a model of random weights to end its answers. */
  @BeforeAll
  static void train() throws IOException {
    Path random = SmallModel.writeLonger(shared.resolve("random"), 128);
    Files.writeString(random.resolve("chat_template.jinja"), TEMPLATE);
    List<Example> talks =
        Stream.of("the", "a dog", "it", "a tree", "see")
            .<Example>map(
                answer ->
                    new Example.Chat(
                        List.of(ChatMessage.user("Tom"), ChatMessage.assistant(answer))))
            .toList();
    talker =
        FineTuner.builder()
            .model(ModelSource.path(random))
            .task(Task.nextTokens())
            .dataset(Datasets.of(talks))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .batchSize(5)
            .epochs(40)
            .learningRate(1e-2)
            .output(shared.resolve("run"))
            .build()
            .run()
            .last();
  }

  @BeforeEach
  void useModel() {
    model = talker;
  }

  private static Grpo.Builder grpo(Environment environment) {
    return Grpo.builder()
        .environment(environment)
        .limits(EpisodeLimits.of(3, 64))
        .promptsPerRollout(2)
        .groupSize(4)
        .maxNewTokens(8)
        .passes(2);
  }

  private static Grpo.Builder grpo(Environment environment, boolean ahead) {
    return ahead ? grpo(environment).rolloutsAhead() : grpo(environment);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void tracesHaveEveryTurnAndReplayGivesTheSameLosses(boolean ahead) throws IOException {
    Path traces = folder.resolve("traces");
    Log log = new Log();
    FineTuneReport written =
        tuner("written", grpo(TWICE, ahead).traces(traces).build(), log).build().run();
    List<JsonNode> lines = new ArrayList<>();
    try (Stream<Path> files = Files.list(traces)) {
      for (Path file : files.sorted().toList()) {
        for (String line : Files.readAllLines(file)) {
          lines.add(Json.parse(line));
        }
      }
    }
    assertThat(lines)
        .hasSize(2 * 2 * 8)
        .allSatisfy(
            line -> {
              double sum = 0;
              for (JsonNode turn : line.path("turns")) {
                assertThat(turn.path("logprobs")).hasSameSizeAs(turn.path("tokens"));
                sum += turn.path("reward").asDouble();
              }
              assertThat(line.path("rewards").path("environment").asDouble()).isEqualTo(sum);
              assertThat(line.path("total").asDouble()).isEqualTo(sum);
            })
        .anySatisfy(
            line -> {
              assertThat(line.path("turns")).hasSize(2);
              assertThat(line.path("turns").path(0).path("reply").asText()).isEqualTo("More");
              assertThat(line.path("turns").path(0).path("observation")).isNotEmpty();
            });
    Environment unused =
        fields -> {
          throw new AssertionError("a replay has no environment");
        };
    Log again = new Log();
    FineTuneReport replayed =
        tuner("replayed", grpo(unused, ahead).replay(traces).build(), again).build().run();
    assertThat(again.losses).isEqualTo(log.losses);
    assertThat(again.rewards).isEqualTo(log.rewards);
    assertThat(Files.readAllBytes(replayed.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(written.last().resolve("model.safetensors")));
    refuses(
        TrainingException.class,
        () -> tuner("other", grpo(TWICE).replay(traces).build(), new Log()).seed(5).build().run(),
        "another prompt");
  }

  @Test
  void onlyTheTokensOfThePolicyAreTrainedOn() {
    Log log = new Log();
    tuner("run", grpo(TWICE).build(), log).build().run();
    assertThat(log.steps)
        .allSatisfy(
            step -> {
              assertThat(step.metrics()).containsKeys("turns", "tool_calls", "tool_failures");
              assertThat(step.metrics().get("turns")).isBetween(1.0, 2.0);
              assertThat(step.loss()).isFinite();
            });
    for (int rollout = 0; rollout < log.steps.size(); rollout += 4) {
      // A pass over a rollout of eight episodes takes two steps.
      long trained =
          log.steps.get(rollout).targetTokens() + log.steps.get(rollout + 1).targetTokens();
      assertThat((double) trained)
          .isEqualTo(Math.rint(8 * log.steps.get(rollout).metrics().get("length")));
    }
  }

  @Test
  void whereNothingIsLearnedEpisodesAheadEqualThoseInTurns() {
    Log turns = new Log();
    tuner("turns", grpo(TWICE).rewardsByTurn().build(), turns).learningRate(1e-30).build().run();
    Log ahead = new Log();
    tuner("ahead", grpo(TWICE, true).rewardsByTurn().build(), ahead)
        .learningRate(1e-30)
        .build()
        .run();
    assertThat(ahead.losses).isEqualTo(turns.losses);
    assertThat(ahead.rewards).isEqualTo(turns.rewards);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunStoppedWithinARolloutOfEpisodesResumesToTheBit(boolean ahead) throws IOException {
    Log whole = new Log();
    Grpo grpo = grpo(TWICE, ahead).rewardsByTurn().build();
    FineTuneReport expected = tuner("whole", grpo, whole).build().run();
    FineTuner[] running = new FineTuner[1];
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void step(StepEvent event) {
            if (event.step() == 3) {
              running[0].stop();
            }
          }
        };
    running[0] = tuner("cut", grpo, stop).build();
    assertThat(running[0].run().reason()).isEqualTo(StopReason.STOP_REQUESTED);
    Log rest = new Log();
    FineTuneReport found = tuner("cut", grpo, rest).resume().build().run();
    assertThat(rest.losses).isEqualTo(whole.losses.tailMap(4));
    assertThat(Files.readAllBytes(found.last().resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(expected.last().resolve("model.safetensors")));
  }

  @Test
  void theRewardOfBothTurnsRisesAndNothingStaysInNativeMemory() {
    Log log = new Log();
    long before = Tensor.live();
    tuner("run", grpo(TWICE).passes(1).klCoefficient(0).rewardsByTurn().build(), log)
        .batchSize(8)
        .epochs(12)
        .learningRate(1e-2)
        .build()
        .run();
    int last = log.steps.size();
    assertThat(log.meanReward(last - 6, last)).isGreaterThan(log.meanReward(0, 6) + 0.1);
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void anEnvironmentThatFailsOrHangsLeavesItsEpisodesOut() {
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger closed = new AtomicInteger();
    Environment failing =
        fields -> {
          int number = begun.getAndIncrement();
          if (number % 4 == 0) {
            throw new IOException("no such world");
          }
          return new Episode() {
            @Override
            public Reply reply(Turn turn) throws Exception {
              if (number % 4 == 1) {
                Thread.sleep(60_000);
              }
              assertThat(number % 4).isNotEqualTo(2);
              return Reply.end().withReward(turn.text().length());
            }

            @Override
            public void close() {
              closed.incrementAndGet();
            }
          };
        };
    Log log = new Log();
    EpisodeLimits limits =
        new EpisodeLimits(3, 64, Duration.ofMillis(200), Duration.ofMinutes(1), 10);
    tuner("run", grpo(failing).groupSize(8).limits(limits).build(), log)
        .batchSize(16)
        .maxSteps(1)
        .build()
        .run();
    assertThat(log.steps.get(0).metrics()).containsEntry("undefined", 0.75);
    assertThat(closed).hasValue(begun.get() * 3 / 4);
  }

  @Test
  void limitsEndEpisodes() {
    List<Turn> turns = new ArrayList<>();
    Environment endless =
        fields ->
            turn -> {
              turns.add(turn);
              return Reply.say("x".repeat(50)).withReward(1);
            };
    EpisodeLimits limits =
        new EpisodeLimits(2, 60, Duration.ofSeconds(5), Duration.ofMinutes(1), 3);
    tuner("run", grpo(endless).limits(limits).build(), new Log()).maxSteps(2).build().run();
    assertThat(turns).allSatisfy(turn -> assertThat(turn.number()).isLessThanOrEqualTo(2));
    assertThat(turns)
        .filteredOn(turn -> turn.number() == 2)
        .isNotEmpty()
        .allSatisfy(turn -> assertThat(turn.last()).isTrue());
  }

  @Test
  void whatCannotActIsRefused() throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> grpo(TWICE).limits(EpisodeLimits.of(2, 7)).build())
        .withMessageContaining("tokens of an episode must be at least maxNewTokens, found 7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grpo.builder().reward("a", (p, c, f) -> 1).rewardsByTurn().build())
        .withMessageContaining("with an environment");
    Tool tool = Tool.of("clock", "", Map.of("type", "object"), arguments -> "noon");
    refuses(
        SettingsException.class,
        () -> tuner("run", grpo(Environment.of(tool)).build(), new Log()).build().run(),
        "tools need the module adapt4j-tools");
    model = SmallModel.writeLonger(folder.resolve("plain"), 128);
    refuses(
        SettingsException.class,
        () -> tuner("run", grpo(TWICE).build(), new Log()).build().run(),
        "an environment needs a chat template");
  }

  private FineTuner.Builder tuner(String run, Grpo grpo, TrainingListener listener) {
    List<Example> rows =
        Stream.of("Once", "Lily saw", "Tom", "a dog").<Example>map(Example.Text::new).toList();
    return FineTuner.builder()
        .model(ModelSource.path(model))
        .task(Task.reinforcement(grpo))
        .dataset(Datasets.of(rows))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .batchSize(4)
        .epochs(2)
        .learningRate(1e-3)
        .output(folder.resolve(run))
        .listener(listener);
  }

  /** Keeps what a run reports. */
  private static final class Log implements TrainingListener {
    private final TreeMap<Integer, Double> losses = new TreeMap<>();
    private final TreeMap<Integer, Double> rewards = new TreeMap<>();
    private final List<StepEvent> steps = new ArrayList<>();

    @Override
    public void step(StepEvent event) {
      losses.put(event.step(), event.loss());
      rewards.put(event.step(), event.metrics().get("reward"));
      steps.add(event);
    }

    double meanReward(int from, int to) {
      return steps.subList(from, to).stream()
          .mapToDouble(step -> step.metrics().get("reward"))
          .average()
          .orElseThrow();
    }
  }
}
