package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.reinforce.Environment;
import io.adapt4j.core.reinforce.EpisodeLimits;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.reinforce.Rewards;
import io.adapt4j.core.reinforce.Tool;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.StepEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rollouts of a model that calls a calculator in half of its answers. */
class ToolEpisodesTest {

  private static final String TEMPLATE =
      """
      {%- if tools %}T {{ tools[0].function.name }} {% endif -%}
      {%- for m in messages -%}
      {%- if m.role == 'assistant' %}A: {{ m.content }}
      {%- for call in m.tool_calls or [] %}<tool_call>
      {"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
      </tool_call>{% endfor %}</s>
      {%- elif m.role == 'tool' %}R: {{ m.content }}
      {%- else %}U: {{ m.content }}
      {%- endif -%}
      {%- endfor -%}
      {%- if add_generation_prompt %}A:{% endif -%}
      """;

  private static final List<String> SUMS = List.of("2+3", "4+4", "1+6", "6+3");

  @TempDir private static Path shared;
  private static Path talker;

  @TempDir private Path folder;

  private static Tool calculator() {
    return Tool.of(
        "sum",
        "Adds numbers.",
        Map.of("type", "object", "properties", Map.of("of", Map.of("type", "string"))),
        arguments -> String.valueOf(sum(String.valueOf(arguments.get("of")))));
  }

  private static int sum(String text) {
    return Stream.of(text.split("\\+", -1)).mapToInt(Integer::parseInt).sum();
  }

  /** Teaches both ways: a call and its result, or a wrong guess. */
  @BeforeAll
  static void train() {
    List<Example> talks = new ArrayList<>();
    for (String text : SUMS) {
      ChatMessage asked = ChatMessage.user(text);
      ChatMessage calls =
          ChatMessage.assistant("")
              .with(
                  "tool_calls",
                  List.of(
                      Map.of(
                          "type",
                          "function",
                          "function",
                          Map.of("name", "sum", "arguments", Map.of("of", text)))));
      String result = String.valueOf(sum(text));
      talks.add(
          new Example.Chat(
              List.of(asked, calls, ChatMessage.tool(result), ChatMessage.assistant(result)),
              List.of(calculator().definition())));
      talks.add(
          new Example.Chat(
              List.of(asked, ChatMessage.assistant("0")), List.of(calculator().definition())));
    }
    talker =
        FineTuner.builder()
            .model(ModelSource.path(example("models/stories260K")))
            .chatTemplate(ChatTemplate.of(TEMPLATE, Map.of()))
            .task(Task.nextTokens())
            .dataset(Datasets.of(talks))
            .method(FullFineTuning.create())
            .batchSize(8)
            .epochs(60)
            .learningRate(3e-3)
            .output(shared.resolve("run"))
            .build()
            .run()
            .last();
  }

  @Test
  void callsAreRunAndTheRewardScoresTheAnswerAfterThem() throws Exception {
    Log log = new Log();
    Path traces = folder.resolve("traces");
    tuner(Environment.of(calculator()), log, traces)
        .maxSteps(1)
        .output(folder.resolve("run"))
        .build()
        .run();
    assertThat(log.mean("tool_calls", 0, 1)).isPositive();
    assertThat(log.mean("reward", 0, 1)).isPositive();
    assertThat(Files.readString(traces.resolve("rollout-000000.jsonl")))
        .contains("{\"name\":\"sum\",\"arguments\":{\"of\":");
  }

  @Test
  void aToolThatFailsIsToldToTheModel() throws Exception {
    Log log = new Log();
    Path traces = folder.resolve("traces");
    Tool broken =
        Tool.of(
            calculator().definition(),
            arguments -> {
              throw new IllegalStateException("no power");
            });
    tuner(Environment.of(broken), log, traces)
        .maxSteps(1)
        .output(folder.resolve("run"))
        .build()
        .run();
    assertThat(log.mean("tool_failures", 0, 1)).isPositive();
    assertThat(Files.readString(traces.resolve("rollout-000000.jsonl")))
        .contains("\"result\":\"Error: no power\",\"failed\":true");
  }

  private static FineTuner.Builder tuner(Environment environment, Log log, Path traces) {
    Grpo grpo =
        Grpo.builder()
            .environment(environment)
            .limits(EpisodeLimits.of(2, 200))
            .reward("answer", Rewards.exact("completion"))
            .promptsPerRollout(4)
            .groupSize(8)
            .maxNewTokens(72)
            .klCoefficient(0)
            .traces(traces)
            .build();
    return FineTuner.builder()
        .model(ModelSource.path(talker))
        .task(Task.reinforcement(grpo))
        .dataset(
            Datasets.of(
                SUMS.stream()
                    .<Example>map(
                        text -> new Example.PromptCompletion(text, String.valueOf(sum(text))))
                    .toList()))
        .method(Lora.rank(8))
        .batchSize(32)
        .epochs(14)
        .learningRate(1e-3)
        .listener(log);
  }

  /** Keeps the metrics of steps. */
  private static final class Log implements TrainingListener {
    private final List<StepEvent> steps = new ArrayList<>();

    @Override
    public void step(StepEvent event) {
      steps.add(event);
    }

    double mean(String metric, int from, int to) {
      return steps.subList(from, to).stream()
          .mapToDouble(step -> step.metrics().get(metric))
          .average()
          .orElseThrow();
    }
  }
}
