package io.adapt4j.benchmarks.harness;

import java.util.List;

/** Markdown table of a run's labeled measurements. */
record Table(Run run) {

  String markdown() {
    StringBuilder table = new StringBuilder("| what | measured | target |\n| --- | --- | --- |\n");
    run.results().stream()
        .flatMap(result -> result.figures().stream())
        .filter(figure -> !figure.label().isEmpty())
        .forEach(
            figure ->
                table
                    .append("| ")
                    .append(cell(figure.label()))
                    .append(" | ")
                    .append(cell(figure.text() + peer(figure.peer())))
                    .append(" | ")
                    .append(cell(figure.targetText()))
                    .append(figure.reached() ? "" : ": missed")
                    .append(" |\n"));
    return table
        .append(
            "%nMeasured on %s%s, %d threads, %s; Java %s, libtorch %s, DJL %s, Adapt4J %s at %s; %s, profile `%s`.%n"
                .formatted(
                    run.host().processor(),
                    bf16(),
                    run.software().threads(),
                    run.host().system(),
                    run.software().java(),
                    run.software().libtorch(),
                    run.software().djl(),
                    run.software().library(),
                    run.software().commit(),
                    run.date(),
                    run.profile()))
        .toString();
  }

  private static String peer(Peer peer) {
    return peer == null
        ? ""
        : ", %s times %s"
            .formatted(Measurement.text(peer.ratio(), peer.ratioError()), peer.title());
  }

  private String bf16() {
    List<String> named =
        run.host().instructionSets().stream().filter(name -> name.contains("bf16")).toList();
    return named.isEmpty() ? " without bf16" : " with " + String.join(" and ", named);
  }

  static String cell(String text) {
    return text.replace("|", "\\|").replace("\n", " ");
  }
}
