package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.reinforce.Grpo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.EvaluationEvent;
import io.adapt4j.core.train.Interval;
import io.adapt4j.core.train.TrainingListener;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Trains the shipped model on rewards for its stories. */
record StoryRuns(Path examples, Path output, int epochs) {

  static final int NEW_TOKENS = 96;

  /** Result of a run. */
  record Result(Map<String, Double> start, Map<String, Double> end, Path adapter) {}

  ModelSource base() {
    return ModelSource.path(examples.resolve("models/stories260K"));
  }

  Result run(long seed) {
    List<EvaluationEvent> evaluations = new ArrayList<>();
    TrainingListener watcher =
        new TrainingListener() {
          @Override
          public void evaluated(EvaluationEvent event) {
            evaluations.add(event);
          }
        };
    Path folder = output.resolve("seed-" + seed);
    Grpo grpo =
        Grpo.builder()
            .reward("words", StoryRewards::words)
            .reward("ending", 0.5, StoryRewards.ending())
            .promptsPerRollout(8)
            .groupSize(8)
            .maxNewTokens(NEW_TOKENS)
            .klCoefficient(0.1)
            .build();
    FineTuneReport report =
        FineTuner.builder()
            .model(base())
            .task(Task.reinforcement(grpo))
            .dataset(StoryRewards.prompts(output.resolve("data")))
            .method(Lora.rank(16))
            .epochs(epochs)
            .batchSize(16)
            .gradientAccumulation(4)
            .learningRate(3e-3)
            .evaluateEvery(Interval.EPOCH)
            .seed(seed)
            .listener(watcher)
            .listener(TrainingListeners.console())
            .output(folder)
            .overwriteOutput()
            .build()
            .run();
    return new Result(
        evaluations.get(0).metrics(),
        evaluations.get(evaluations.size() - 1).metrics(),
        report.last());
  }

  /**
   * Returns stories of the same beginnings before and after training, to see how the reward was
   * earned.
   */
  List<String> samples(Path adapter, int count) {
    Dataset held = StoryRewards.prompts(output.resolve("data")).validation();
    List<String> prompts = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      prompts.add(((Example.Text) held.get(row)).text());
    }
    GenerationOptions options =
        GenerationOptions.builder().maxNewTokens(NEW_TOKENS).seed(7).build();
    List<String> samples = new ArrayList<>();
    try (LanguageModel before = LanguageModel.load(base());
        LanguageModel after = LanguageModel.load(base(), LoraAdapter.at(adapter))) {
      List<Generation> first = before.generateAll(prompts, options);
      List<Generation> last = after.generateAll(prompts, options);
      for (int i = 0; i < count; i++) {
        samples.add(
            prompts.get(i)
                + "\n  before: "
                + first.get(i).text().strip()
                + "\n  after:  "
                + last.get(i).text().strip());
      }
    }
    return samples;
  }
}
