package io.adapt4j.examples;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RewardModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.reinforce.Ppo;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * End-to-end reinforcement learning from preferences: the shipped model writes stories, a reader
 * who likes cheerful ones picks the better and the worse one, a reward model is trained on the
 * pairs, and PPO trains the storyteller with it. Held-out prompts show the result: the reward, the
 * reader's rating, and the win rate against the initial model. Storyteller and reward model are
 * adapters, so policy, reference, value model and reward of PPO share one network.
 *
 * <p>Run it from the root of the repository. With the argument {@code short} it trains less.
 */
public final class Rlhf {

  private static final Path OUTPUT = Path.of("runs/rlhf");
  private static final ModelSource BASE = ModelSource.path(Path.of("examples/models/stories260K"));
  private static final int TOKENS = 64;
  private static final int SHOWN = 3;

  private Rlhf() {}

  /**
   * Runs the example.
   *
   * @param args optionally {@code short}
   */
  public static void main(String[] args) {
    boolean isShort = args.length > 0 && args[0].equals("short");
    Split prompts = StoryRewards.prompts(OUTPUT.resolve("data"));
    Split pairs =
        StoryPreferences.collect(
            BASE,
            StoryPreferences.texts(prompts.train()),
            TOKENS,
            OUTPUT.resolve("data/pairs.jsonl"));
    System.out.printf(
        "%d pairs to train on, %d held out%n", pairs.train().size(), pairs.validation().size());
    LoraAdapter liking = LoraAdapter.at(trainReward(pairs).best());
    FineTuneReport policy = trainPolicy(prompts, liking, isShort ? 3 : 10);
    try (RewardModel reward = RewardModel.load(BASE, liking)) {
      compare(StoryPreferences.texts(prompts.validation()), reward, policy.last());
    }
  }

  private static FineTuneReport trainReward(Split pairs) {
    return FineTuner.builder()
        .model(BASE)
        .task(Task.reward().centering(0.01))
        .dataset(pairs)
        .method(Lora.rank(16))
        .epochs(6)
        .batchSize(8)
        .learningRate(3e-3)
        .evaluateEvery(Interval.EPOCH)
        .keepBest()
        .listener(TrainingListeners.console())
        .output(OUTPUT.resolve("reward"))
        .overwriteOutput()
        .build()
        .run();
  }

  private static FineTuneReport trainPolicy(Split prompts, LoraAdapter liking, int epochs) {
    Ppo ppo =
        Ppo.builder()
            .reward("liked", RewardModel.onPolicy(liking))
            .promptsPerRollout(48)
            .maxNewTokens(TOKENS)
            .passes(2)
            .klCoefficient(0.03)
            .build();
    return FineTuner.builder()
        .model(BASE)
        .task(Task.reinforcement(ppo))
        .dataset(prompts)
        .method(Lora.rank(16))
        .epochs(epochs)
        .batchSize(16)
        .learningRate(1e-3)
        .evaluateEvery(Interval.EPOCH)
        .listener(TrainingListeners.console())
        .output(OUTPUT.resolve("policy"))
        .overwriteOutput()
        .build()
        .run();
  }

  private static void compare(List<String> prompts, RewardModel reward, Path adapter) {
    List<String> before;
    List<String> after;
    try (LanguageModel start = LanguageModel.load(BASE);
        LanguageModel end = LanguageModel.load(BASE, LoraAdapter.at(adapter))) {
      before = StoryPreferences.stories(start, prompts, TOKENS, 11);
      after = StoryPreferences.stories(end, prompts, TOKENS, 12);
    }
    for (int i = 0; i < SHOWN; i++) {
      System.out.printf(
          "%s%n  before: %s%n  after:  %s%n",
          prompts.get(i), before.get(i).strip(), after.get(i).strip());
    }
    System.out.printf(
        "held-out reward %.3f -> %.3f, cheerful words %.2f -> %.2f, win rate %.2f%n",
        mean(prompts, before, reward::score),
        mean(prompts, after, reward::score),
        mean(prompts, before, (prompt, story) -> StoryPreferences.cheer(story)),
        mean(prompts, after, (prompt, story) -> StoryPreferences.cheer(story)),
        winRate(before, after));
  }

  /** Scores a story for a prompt. */
  private interface Judge {
    double score(String prompt, String story);
  }

  private static double mean(List<String> prompts, List<String> stories, Judge judge) {
    return IntStream.range(0, prompts.size())
        .mapToDouble(i -> judge.score(prompts.get(i), stories.get(i)))
        .average()
        .orElseThrow();
  }

  /** Returns the win rate of stories after training over those before; a tie counts half. */
  private static double winRate(List<String> before, List<String> after) {
    return IntStream.range(0, before.size())
        .mapToDouble(
            i ->
                0.5
                    + 0.5
                        * Double.compare(
                            StoryPreferences.cheer(after.get(i)),
                            StoryPreferences.cheer(before.get(i))))
        .average()
        .orElseThrow();
  }
}
