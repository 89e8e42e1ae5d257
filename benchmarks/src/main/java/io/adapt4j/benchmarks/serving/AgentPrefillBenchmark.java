package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Counts the prompt tokens of an agent that exact reuse does not compute again. Each prompt repeats
 * the one before, its answer, and adds a message. It counts and measures no time, so that the
 * machine need not be quiet; and it compares every answer with one without a cache.
 */
@InSuite(leftOut = "needs folders of models, and counts tokens only")
public final class AgentPrefillBenchmark {

  private static final String OPTIONS =
      "--models --turns 20 --prompt 512 --turn 40 --answer 16 --vocabulary 39";

  private static final int END_ID = 2;
  private static final int FIRST_ID = 3;
  private static final double TARGET = 0.95;

  private final Arguments arguments;
  private final SplittableRandom random = new SplittableRandom(7);

  private AgentPrefillBenchmark(Arguments arguments) {
    this.arguments = arguments;
  }

  /**
   * Options: {@code --models} folders, separated by commas, whose end token is 2; {@code --turns},
   * tokens of the first {@code --prompt}, of each {@code --turn} and {@code --answer}; {@code
   * --vocabulary} tokens to draw from.
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    for (String folder : arguments.text("--models").split(",", -1)) {
      new AgentPrefillBenchmark(arguments).run(Path.of(folder));
    }
  }

  private void run(Path folder) {
    try (LanguageModel warm = open(folder);
        LanguageModel cold = open(folder)) {
      cold.limitPromptCache(0);
      count(folder.getFileName().toString(), warm, cold);
    }
  }

  private static LanguageModel open(Path folder) {
    LanguageModel model = LanguageModel.load(ModelSource.path(folder), Precision.FP32);
    model.reusePromptsExactly(true);
    return model;
  }

  private void count(String name, LanguageModel warm, LanguageModel cold) {
    int turns = arguments.number("--turns", 2);
    List<Integer> prompt = new ArrayList<>();
    long all = 0;
    long repeated = 0;
    long cached = 0;
    int different = 0;
    for (int turn = 0; turn < turns; turn++) {
      int before = prompt.size();
      add(prompt, arguments.number(turn == 0 ? "--prompt" : "--turn", 1));
      Generation answer = answer(warm, prompt);
      different += answer.equals(answer(cold, prompt)) ? 0 : 1;
      all += prompt.size();
      repeated += before;
      cached += answer.cachedTokens();
      prompt.addAll(answer.tokenIds());
      prompt.add(END_ID);
    }
    Report report = new Report("Prefill of an agent, " + name);
    report.line(
        "setting", "%d turns, %,d prompt tokens, %,d of them repeated", turns, all, repeated);
    report.figure(
        Measurement.largerRatio("of all prompt tokens not computed", cached / (double) all));
    report.figure(
        Measurement.largerRatio("of repeated tokens not computed", cached / (double) repeated)
            .target(TARGET));
    report.atMost("answers that differ from those without a cache", different, 0, "");
    report.print();
  }

  private void add(List<Integer> prompt, int tokens) {
    random
        .ints(tokens - 1L, FIRST_ID, arguments.number("--vocabulary", FIRST_ID + 1))
        .forEach(prompt::add);
    prompt.add(END_ID);
  }

  private Generation answer(LanguageModel model, List<Integer> prompt) {
    GenerationOptions options =
        GenerationOptions.greedy().toBuilder()
            .maxNewTokens(arguments.number("--answer", 1))
            .logprobs(1)
            .ignoreEos(true)
            .ignoreContextLength(true)
            .build();
    int[] ids = prompt.stream().mapToInt(Integer::intValue).toArray();
    return model.generate(ids, options, text -> {}, new CancellationToken());
  }
}
