package io.adapt4j.core.preference;

import io.adapt4j.core.text.TextGenerator;
import java.io.BufferedReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleBiFunction;

/** Says which answer to a prompt is the best, and which the worst. */
@FunctionalInterface
public interface PreferenceJudge {

  /**
   * A verdict.
   *
   * @param best number of the best answer, from 0
   * @param worst number of the worst answer, from 0
   */
  record Verdict(int best, int worst) {}

  /**
   * Judges answers.
   *
   * @param prompt what was asked; of a conversation of several messages the texts of all, each
   *     after its role
   * @param answers at least two that differ
   * @return the verdict; empty if there is none
   */
  Optional<Verdict> judge(String prompt, List<String> answers);

  /**
   * Judges by a number: a rule, a reward model, the score of another model.
   *
   * @param reward of a prompt and an answer, the more the better; NaN for an answer that cannot be
   *     judged and is passed over
   * @return the judge, which gives no verdict where all rewards are equal
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
   * Asks a language model which of two answers is better, twice, the sides swapped.
   *
   * @param generator a model in this process, a server; best not the one that is to be trained
   * @return the judge, with options
   */
  static ModelJudge byModel(TextGenerator generator) {
    return ModelJudge.of(generator);
  }

  /**
   * Asks a person at a terminal, who types the numbers of the best and the worst answer, or nothing
   * to pass over a prompt.
   *
   * @param in what is typed
   * @param out where prompts and answers are shown
   * @return the judge, which throws {@link UncheckedIOException} if the input ends or fails
   */
  static PreferenceJudge person(BufferedReader in, PrintStream out) {
    return new HumanJudge(in, out);
  }
}
