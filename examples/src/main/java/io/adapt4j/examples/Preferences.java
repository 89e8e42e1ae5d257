package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Splitter;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.preference.PreferenceCollector;
import io.adapt4j.core.preference.PreferenceJudge;
import io.adapt4j.core.preference.PreferenceLoss;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Teaches a model of children's stories a taste by DPO: it continues from beginnings of stories, a
 * rule prefers continuations in short sentences, and an adapter learns from these pairs. Prints how
 * often it agrees with the rule on held-out beginnings, before and after, and sample output.
 *
 * <p>Run it from the root of the repository; it takes about a minute.
 */
public final class Preferences {

  private static final int BEGINNING = 12;

  /** Number of beginnings without pairs, for sample output. */
  private static final int UNSEEN = 24;

  private static final GenerationOptions SAMPLING =
      GenerationOptions.builder().maxNewTokens(64).temperature(0.9).build();

  private Preferences() {}

  /** Result of the training on held-out prompts. */
  record Outcome(
      Map<String, Double> before,
      Map<String, Double> after,
      double wordsBefore,
      double wordsAfter,
      String text) {}

  /**
   * Runs the example.
   *
   * @param args not used
   */
  public static void main(String[] args) {
    Outcome outcome = run(Path.of("examples"), Path.of("runs/preferences"), 120);
    System.out.printf(
        "%nPairs of held-out prompts: accuracy %.2f -> %.2f, margin %.2f -> %.2f, kl %.2f%n",
        outcome.before().get("accuracy"),
        outcome.after().get("accuracy"),
        outcome.before().get("margin"),
        outcome.after().get("margin"),
        outcome.after().get("kl"));
    System.out.printf(
        "Words a sentence: %.1f -> %.1f%n%n%s%n",
        outcome.wordsBefore(), outcome.wordsAfter(), outcome.text());
  }

  /**
   * Collects pairs for a number of prompts, trains on most of them, and evaluates on the others.
   */
  static Outcome run(Path examples, Path output, int prompts) {
    ModelSource model = ModelSource.path(examples.resolve("models/stories260K"));
    List<String> all = beginnings(examples);
    List<String> unseen = all.subList(all.size() - UNSEEN, all.size());
    List<String> asked = all.subList(0, Math.min(prompts, all.size() - UNSEEN));
    Path pairs = output.resolve("pairs.jsonl");
    try (LanguageModel base = LanguageModel.load(model, Precision.FP32)) {
      PreferenceCollector.of(
              base.asGenerator(),
              PreferenceJudge.byReward((prompt, answer) -> -wordsInSentence(prompt + answer)))
          .answers(4)
          .options(SAMPLING)
          .collect(asked, pairs);
    }
    List<EvaluationEvent> evaluations = new ArrayList<>();
    FineTuneReport report =
        FineTuner.builder()
            .model(model)
            .task(Task.preference(PreferenceLoss.dpo(0.2)))
            .dataset(
                Splitter.of(Datasets.read(pairs).open())
                    .fractions(0.75, 0.25, 0)
                    .groupByPrompt()
                    .split())
            .method(Lora.rank(16))
            .precision(Precision.FP32)
            .learningRate(1e-3)
            .batchSize(8)
            .epochs(3)
            .keepBest()
            .metricForBestModel("accuracy")
            .listener(
                new TrainingListener() {
                  @Override
                  public void evaluated(EvaluationEvent event) {
                    evaluations.add(event);
                  }
                })
            .output(output.resolve("run"))
            .overwriteOutput()
            .build()
            .run();
    List<String> before = written(model, unseen);
    List<String> after = written(model, unseen, LoraAdapter.at(report.best()));
    return new Outcome(
        evaluations.get(0).metrics(),
        report.bestMetrics(),
        wordsInSentence(String.join(" ", before)),
        wordsInSentence(String.join(" ", after)),
        unseen.get(0) + after.get(0));
  }

  private static List<String> written(
      ModelSource model, List<String> prompts, Adapter... adapters) {
    try (LanguageModel loaded = LanguageModel.load(model, Precision.FP32, adapters)) {
      return loaded.generateAll(prompts, SAMPLING).stream()
          .map(generation -> generation.text())
          .toList();
    }
  }

  /** Returns distinct beginnings of stories. */
  private static List<String> beginnings(Path examples) {
    List<String> beginnings = new ArrayList<>();
    for (String file : List.of("stories.jsonl", "heldout.jsonl")) {
      Dataset stories = Datasets.jsonl(examples.resolve("data/tinystories").resolve(file));
      for (int row = 0; row < stories.size(); row++) {
        String text = ((Example.Text) stories.get(row)).text();
        beginnings.add(
            Arrays.stream(text.split("\\s+", -1))
                .limit(BEGINNING)
                .collect(Collectors.joining(" ")));
      }
    }
    return beginnings.stream().distinct().toList();
  }

  private static double wordsInSentence(String text) {
    long sentences = text.chars().filter(c -> c == '.' || c == '!' || c == '?').count();
    return (double) text.split("\\s+", -1).length / (sentences + 1);
  }
}
