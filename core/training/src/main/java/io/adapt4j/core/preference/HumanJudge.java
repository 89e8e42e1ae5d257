package io.adapt4j.core.preference;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A judge that asks a person at a terminal. */
record HumanJudge(BufferedReader in, PrintStream out) implements PreferenceJudge {

  private static final Pattern TWO_NUMBERS = Pattern.compile("(\\d{1,4})\\D+(\\d{1,4})");

  @Override
  public Optional<Verdict> judge(String prompt, List<String> answers) {
    out.println(prompt);
    for (int i = 0; i < answers.size(); i++) {
      out.println("  [" + (i + 1) + "] " + answers.get(i));
    }
    while (true) {
      out.print("best and worst, such as 2 1; nothing to pass over: ");
      out.flush();
      String typed = line().strip();
      if (typed.isEmpty()) {
        return Optional.empty();
      }
      Optional<Verdict> verdict = verdict(typed, answers.size());
      if (verdict.isPresent()) {
        return verdict;
      }
      out.println("expected two different numbers from 1 to " + answers.size() + ".");
    }
  }

  private static Optional<Verdict> verdict(String typed, int answers) {
    Matcher numbers = TWO_NUMBERS.matcher(typed);
    if (!numbers.matches()) {
      return Optional.empty();
    }
    int best = Integer.parseInt(numbers.group(1)) - 1;
    int worst = Integer.parseInt(numbers.group(2)) - 1;
    boolean sound = best != worst && Math.min(best, worst) >= 0 && Math.max(best, worst) < answers;
    return sound ? Optional.of(new Verdict(best, worst)) : Optional.empty();
  }

  private String line() {
    try {
      String line = in.readLine();
      if (line == null) {
        throw new IOException("the input ended before the last prompt was judged");
      }
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
