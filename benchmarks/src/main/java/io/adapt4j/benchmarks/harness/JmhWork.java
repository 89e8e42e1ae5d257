package io.adapt4j.benchmarks.harness;

import java.util.Collection;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** A JMH benchmark with all its parameters. */
record JmhWork(String method, Profile profile) implements Work {

  /** All benchmarks in the list that JMH's annotation processor wrote; none are published. */
  static List<JmhWork> all(Profile profile) {
    if (profile == Profile.PUBLISHED) {
      return List.of();
    }
    return BenchmarkList.defaultList()
        .getAll(OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of())
        .stream()
        .map(BenchmarkListEntry::getUsername)
        .distinct()
        .map(method -> new JmhWork(method, profile))
        .toList();
  }

  @Override
  public String name() {
    String[] parts = method.split("\\.", -1);
    return parts[parts.length - 2] + "." + parts[parts.length - 1];
  }

  @Override
  public String title() {
    return name();
  }

  @Override
  public List<Result> measure() {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(method) + "$")
            .verbosity(VerboseMode.SILENT)
            .shouldFailOnError(true);
    profile.shorten(options);
    try {
      Collection<RunResult> results = new Runner(options.build()).run();
      return results.stream().map(this::result).toList();
    } catch (RunnerException e) {
      return List.of(Result.failed(name(), "", said(e)));
    }
  }

  private static String said(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause);
  }

  private Result result(RunResult result) {
    BenchmarkParams parameters = result.getParams();
    String setting =
        parameters.getParamsKeys().stream()
            .sorted()
            .map(key -> key + "=" + parameters.getParam(key))
            .collect(Collectors.joining(" "));
    return Result.measured(name(), setting, List.of(figure(result)));
  }

  private static Measurement figure(RunResult result) {
    double[] scores =
        result.getBenchmarkResults().stream()
            .flatMap(fork -> fork.getIterationResults().stream())
            .mapToDouble(iteration -> iteration.getPrimaryResult().getScore())
            .toArray();
    String unit = result.getPrimaryResult().getScoreUnit();
    return result.getParams().getMode() == Mode.Throughput
        ? Samples.of(scores).larger("rate", unit)
        : Samples.of(scores).smaller("time", unit);
  }
}
