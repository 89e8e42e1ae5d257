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

/** A reward function whose memory belongs to the run that asks it. */
sealed interface RunReward extends RewardFunction permits AdapterReward, ModelReward {

  /** A policy in memory, as a run has it. */
  record Policy(Decoder decoder, Adaptation adaptation, Tokenizer tokenizer) {}

  /** What keeps the reward from a policy, before weights are read: one sentence a problem. */
  List<String> problems(Decoder declared, MethodMechanics method);

  /** Plans for the memory that the reward takes beside a policy. */
  Planner beside(Planner planner, Decoder declared);

  /** Prepares for questions about a policy's completions. */
  void begin(Policy policy);

  /** Frees what questions needed. Without a beginning nothing happens. */
  void end();

  /** The rewards of an algorithm that are of this kind; one under several names counts once. */
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

  /** Rewards of a run, open until closed. */
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
