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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Trains a model that calls a calculator in half of its answers with rewards for right answers, and
 * prints how reward and calls change, for some seeds.
 *
 * <p>{@code java @verification/target/java.args verification/studies/ToolLearning.java [seeds]}:
 * run it from the root of the repository; a seed takes about a minute.
 */
public final class ToolLearning {

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

  private static final Path OUTPUT = Path.of("runs/tool-learning");

  private ToolLearning() {}

  /**
   * Runs the study.
   *
   * @param args the number of seeds; 3 by default
   */
  public static void main(String[] args) {
    int seeds = args.length > 0 ? Integer.parseInt(args[0]) : 3;
    Path talker = talker();
    for (int seed = 1; seed <= seeds; seed++) {
      Log log = new Log();
      tuner(talker, log).seed(seed).output(OUTPUT.resolve("seed-" + seed)).build().run();
      int last = log.steps.size();
      System.out.printf(
          "seed %d: reward %.3f to %.3f, calls an answer %.3f to %.3f%n",
          seed,
          log.mean("reward", 0, 2),
          log.mean("reward", last - 2, last),
          log.mean("tool_calls", 0, 2),
          log.mean("tool_calls", last - 2, last));
    }
  }

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
  private static Path talker() {
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
    return FineTuner.builder()
        .model(ModelSource.path(Path.of("examples/models/stories260K")))
        .chatTemplate(ChatTemplate.of(TEMPLATE, Map.of()))
        .task(Task.nextTokens())
        .dataset(Datasets.of(talks))
        .method(FullFineTuning.create())
        .batchSize(8)
        .epochs(60)
        .learningRate(3e-3)
        .output(OUTPUT.resolve("talker"))
        .overwriteOutput()
        .build()
        .run()
        .last();
  }

  private static FineTuner.Builder tuner(Path talker, Log log) {
    Grpo grpo =
        Grpo.builder()
            .environment(Environment.of(calculator()))
            .limits(EpisodeLimits.of(2, 200))
            .reward("answer", Rewards.exact("completion"))
            .promptsPerRollout(4)
            .groupSize(8)
            .maxNewTokens(72)
            .klCoefficient(0)
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
        .overwriteOutput()
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
