package io.adapt4j.core.preference;

import io.adapt4j.core.text.TextGenerator;
import java.io.BufferedReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;

/** Chooses the best and the worst answer to a prompt. */
@FunctionalInterface
public interface PreferenceJudge {

  /**
   * A verdict.
   *
   * @param best index of the best answer, from 0
   * @param worst index of the worst answer, from 0
   */
  record Verdict(int best, int worst) {}

  /**
   * Judges answers.
   *
   * @param prompt the prompt; for a conversation of several messages their texts, each after its
   *     role
   * @param answers at least two distinct answers
   * @return the verdict; empty if there is none
   */
  Optional<Verdict> judge(String prompt, List<String> answers);

  /**
   * Judges by a score: a rule, a reward model, the output of another model.
   *
   * @param reward reward of a prompt and an answer, higher is better; NaN for an answer that cannot
   *     be judged and is skipped
   * @return the judge, which gives no verdict if all rewards are equal
   */
  static PreferenceJudge byReward(ToDoubleBiFunction<String, String> reward) {
    return (prompt, answers) -> {
      double[] rewards =
          answers.stream().mapToDouble(answer -> reward.applyAsDouble(prompt, answer)).toArray();
      int best = -1;
      int worst = -1;
      for (int i = 0; i < rewards.length; i++) {
        if (!Double.isNaN(rewards[i])) {
          best = best < 0 || rewards[i] > rewards[best] ? i : best;
          worst = worst < 0 || rewards[i] < rewards[worst] ? i : worst;
        }
      }
      return best < 0 || rewards[best] == rewards[worst]
          ? Optional.empty()
          : Optional.of(new Verdict(best, worst));
    };
  }

  /**
   * Asks a language model which of two answers is better, twice with the answers swapped.
   *
   * @param generator a model in this process or a server; preferably not the one to be trained
   * @return the judge, with options
   */
  static ModelJudge byModel(TextGenerator generator) {
    return ModelJudge.of(generator);
  }

  /**
   * Asks a person at a terminal, who types the numbers of the best and the worst answer, or nothing
   * to skip a prompt.
   *
   * @param in typed input
   * @param out output for prompts and answers
   * @return the judge, which throws {@link UncheckedIOException} if the input ends or fails
   */
  static PreferenceJudge person(BufferedReader in, PrintStream out) {
    return new HumanJudge(in, out);
  }
}
