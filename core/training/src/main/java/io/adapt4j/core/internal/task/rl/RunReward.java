package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Reward function whose memory is managed by the run that uses it. */
sealed interface RunReward extends RewardFunction permits AdapterReward, ModelReward {

  record Policy(Decoder decoder, Adaptation adaptation, Tokenizer tokenizer) {}

  /** Returns why the reward cannot be used with a policy, checked before weights are read. */
  List<String> problems(Decoder declared, MethodMechanics method);

  /** Adds the memory of the reward model to a plan. */
  Planner beside(Planner planner, Decoder declared);

  /** Prepares scoring of a policy's completions. */
  void begin(Policy policy);

  /** Frees the memory; no effect without {@link #begin}. */
  void end();

  /** Returns the rewards of this kind in an algorithm; one under several names is returned once. */
  static List<RunReward> in(Reinforcement algorithm) {
    List<RunReward> rewards = new ArrayList<>();
    Set<RunReward> known = Collections.newSetFromMap(new IdentityHashMap<>());
    for (WeightedReward reward : WeightedReward.of(algorithm)) {
      if (reward.function() instanceof RunReward own && known.add(own)) {
        rewards.add(own);
      }
    }
    return rewards;
  }

  /** The rewards of a run, prepared until closed. */
  final class Open implements AutoCloseable {

    private final List<RunReward> begun = new ArrayList<>();

    Open(Reinforcement algorithm, Policy policy) {
      try {
        for (RunReward runReward : in(algorithm)) {
          runReward.begin(policy);
          begun.add(runReward);
        }
      } catch (RuntimeException | Error e) {
        close();
        throw e;
      }
    }

    @Override
    public void close() {
      for (int i = begun.size() - 1; i >= 0; i--) {
        begun.get(i).end();
      }
      begun.clear();
    }
  }
}
