package io.adapt4j.benchmarks.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Page of the documentation whose tables are made from the results of runs on several hosts, and
 * the claims of speed elsewhere that these results must support.
 *
 * <p>Between {@code <!-- figures: PREFIX; PREFIX -->} and {@code <!-- end -->} stands a table of
 * the measurements whose labels begin so, between {@code <!-- hosts -->} and {@code <!-- end -->}
 * one of the runs. A claim is {@code N times ... <!-- lowest: PREFIX -->}.
 */
@InSuite(leftOut = "writes the documentation from results")
public final class PerformancePage {

  private static final Pattern TABLE =
      Pattern.compile("(<!-- (hosts|figures: ([^>]*?)) -->\n).*?(<!-- end -->)", Pattern.DOTALL);

  private static final Pattern CLAIM =
      Pattern.compile(
          "(\\d+(?:\\.\\d+)?)\\s+times((?!<!--|\\d\\s+times).)*<!-- lowest: (.*?) -->",
          Pattern.DOTALL);

  private static final Pattern SPEED =
      Pattern.compile("\\btimes\\s+(?:as\\s+fast|faster)|\\b(?:twice|half)\\s+as\\s+fast");

  /** Instruction sets that decide which kernels run, the fastest first. */
  private static final List<String> DECISIVE =
      List.of(
          "amx_bf16 avx512_bf16 avx512_vnni avx512f avx2 sve2 sve bf16 i8mm asimddp asimd"
              .split(" "));

  private static final String STUDIES = "benchmarks/studies";
  private static final String SOURCES = "benchmarks/src/main/java/io/adapt4j/benchmarks";

  private final Path root;
  private final Map<String, Run> runs = new LinkedHashMap<>();
  private final Map<String, List<Entry>> entries = new LinkedHashMap<>();

  /** A measurement of a run, which has a letter on the page. */
  private record Entry(String letter, Result result, Measurement figure) {}

  private PerformancePage(Path root, Path folder) throws IOException {
    this.root = root;
    Map<String, Run> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".json")).toList()) {
        Run run = Run.read(file);
        found.put(run.date() + " " + file.getFileName(), run);
      }
    }
    for (Map.Entry<String, Run> run : found.entrySet()) {
      add(run.getKey(), String.valueOf((char) ('A' + runs.size())), run.getValue());
    }
  }

  /**
   * Writes the tables of a page. Options: {@code --results} (the folder of the runs), {@code
   * --page}.
   */
  public static void main(String[] line) throws IOException {
    Arguments arguments =
        Arguments.parse(line, "--results benchmarks/results --page docs/performance.md");
    Path page = Path.of(arguments.text("--page"));
    PerformancePage results = of(Path.of(""), Path.of(arguments.text("--results")));
    Files.writeString(page, results.filled(Files.readString(page)));
    results.unsupported(Files.readString(Path.of("README.md"))).forEach(System.out::println);
  }

  /**
   * Reads all runs of a folder.
   *
   * @param root the repository, which must have every program
   */
  static PerformancePage of(Path root, Path folder) throws IOException {
    return new PerformancePage(root, folder);
  }

  private void add(String name, String letter, Run run) {
    runs.put(letter, run);
    for (Result result : run.results()) {
      for (Measurement figure : result.figures()) {
        if (figure.label().isEmpty()) {
          continue;
        }
        List<Entry> same = entries.computeIfAbsent(figure.label(), label -> new ArrayList<>());
        if (same.stream().anyMatch(entry -> entry.letter().equals(letter))) {
          throw new IllegalArgumentException(name + " has '" + figure.label() + "' twice");
        }
        same.add(new Entry(letter, result, figure));
      }
    }
  }

  /** Returns a page with its tables regenerated. */
  String filled(String page) {
    Set<String> left = new LinkedHashSet<>(entries.keySet());
    String filled =
        TABLE
            .matcher(page)
            .replaceAll(
                table ->
                    Matcher.quoteReplacement(
                        table.group(1)
                            + (table.group(3) == null ? hosts() : figures(table.group(3), left))
                            + table.group(4)));
    if (!left.isEmpty()) {
      throw new IllegalArgumentException("No table of the page is for " + left);
    }
    return filled;
  }

  private String figures(String prefixes, Set<String> left) {
    List<String> labels =
        Stream.of(prefixes.split("; *", -1))
            .flatMap(
                prefix ->
                    left.stream()
                        .filter(label -> label.startsWith(prefix))
                        .sorted(Comparator.comparing(PerformancePage::head)))
            .distinct()
            .toList();
    labels.forEach(left::remove);
    boolean compared = labels.stream().anyMatch(label -> !compared(entries.get(label)).isEmpty());
    StringBuilder table =
        new StringBuilder(
            compared
                ? row("what", "Adapt4J", "compared with", "ratio", "command")
                    + row("---", "---", "---", "---", "---")
                : row("what", "measured", "command") + row("---", "---", "---"));
    String last = "";
    String above = "";
    for (String label : labels) {
      List<Entry> found = entries.get(label);
      String command = command(found);
      String head = head(label);
      String what = head.equals(last) ? label.substring(head.length() + 2) : label;
      last = head;
      String shown = command.equals(above) ? "" : command;
      above = command;
      table.append(
          compared
              ? row(what, values(found), peers(found), ratios(found), shown)
              : row(what, values(found), shown));
    }
    return table.toString();
  }

  /** Returns what a label shares with others, which is in the first of their rows. */
  private static String head(String label) {
    return label.replaceFirst(": .*", "");
  }

  private static List<Entry> compared(List<Entry> row) {
    return row.stream().filter(entry -> entry.figure().peer() != null).toList();
  }

  /** Writes our figures, with their runs unless the ratios name them. */
  private static String values(List<Entry> row) {
    String label = row.get(0).figure().label();
    List<String> units = row.stream().map(entry -> entry.figure().unit()).distinct().toList();
    if (units.size() > 1) {
      throw new IllegalArgumentException("'" + label + "' has the units " + units);
    }
    boolean named = compared(row).size() == row.size();
    String unit = units.get(0).isEmpty() ? "" : " " + units.get(0);
    return range(
        row,
        Measurement::value,
        entry -> number(entry.figure().value(), entry.figure().error()),
        unit,
        entry -> named ? "" : " (" + entry.letter() + ")");
  }

  private static String peers(List<Entry> row) {
    Map<String, List<Entry>> byTitle =
        compared(row).stream()
            .collect(
                Collectors.groupingBy(
                    entry -> entry.figure().peer().title(),
                    LinkedHashMap::new,
                    Collectors.toList()));
    return byTitle.entrySet().stream()
        .map(peer -> peer.getKey() + peerValues(peer.getValue()))
        .collect(Collectors.joining("; "));
  }

  private static String peerValues(List<Entry> measured) {
    List<Entry> known =
        measured.stream().filter(entry -> entry.figure().peer().value() != null).toList();
    return known.isEmpty()
        ? ""
        : ": "
            + range(
                known,
                figure -> figure.peer().value(),
                entry -> number(entry.figure().peer().value(), entry.figure().peer().error()),
                "",
                entry -> "");
  }

  private static String ratios(List<Entry> row) {
    List<Entry> compared = compared(row);
    return compared.isEmpty()
        ? ""
        : range(
            compared,
            figure -> figure.peer().ratio(),
            entry -> number(entry.figure().peer().ratio(), entry.figure().peer().ratioError()),
            "",
            entry -> " (" + entry.letter() + ")");
  }

  /** Writes the lowest and the highest of some numbers. */
  private static String range(
      List<Entry> row,
      ToDoubleFunction<Measurement> number,
      Function<Entry, String> text,
      String unit,
      Function<Entry, String> letter) {
    List<Entry> sorted =
        row.stream()
            .sorted(Comparator.comparingDouble(entry -> number.applyAsDouble(entry.figure())))
            .toList();
    Entry lowest = sorted.get(0);
    Entry highest = sorted.get(sorted.size() - 1);
    String first = text.apply(lowest) + letter.apply(lowest);
    return first.equals(text.apply(highest) + letter.apply(highest))
        ? text.apply(lowest) + unit + letter.apply(lowest)
        : first + " to " + text.apply(highest) + unit + letter.apply(highest);
  }

  /** Writes a number; without an error zeros at its end say nothing. */
  private static String number(double value, Double error) {
    String text = Measurement.text(value, error);
    return error == null && text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
  }

  /** Returns the command line of the newest run that recorded it. */
  private String command(List<Entry> row) {
    String command = "";
    for (Entry entry : row) {
      String program = program(entry.result().benchmark());
      boolean unknown = entry.result().setting() == null;
      if (!unknown || command.isEmpty()) {
        command =
            "`%s`".formatted((program + " " + (unknown ? "" : entry.result().setting())).strip());
      }
    }
    return command;
  }

  /** Returns where a program is, below the folder of the module's programs or of the studies. */
  private String program(String benchmark) {
    String name = benchmark.replaceFirst("\\..*", "") + ".java";
    if (Files.exists(root.resolve(STUDIES).resolve(name))) {
      return "studies/" + name;
    }
    Path sources = root.resolve(SOURCES);
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.endsWith(name))
          .map(file -> sources.relativize(file).toString())
          .map(file -> file.substring(0, file.length() - ".java".length()).replace('/', '.'))
          .findFirst()
          .orElseThrow(
              () -> new IllegalArgumentException("No program " + name + " gives its figures"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String hosts() {
    StringBuilder table =
        new StringBuilder(
            row("run", "processor", "bf16; fp32 products, GFLOP/s", "memory reads", "load", "peers")
                + row("---", "---", "---", "---", "---", "---"));
    runs.forEach(
        (letter, run) ->
            table.append(
                row(
                    letter + ", " + run.date().substring(0, 10),
                    processor(run),
                    known(run.limits().bf16Gflops(), run.limits().fp32Gflops()),
                    known(run.limits().readsGbs(), " GB/s"),
                    known(run.load().before(), run.load().after()),
                    versions(run))));
    return table.toString();
  }

  private static String processor(Run run) {
    Run.Host host = run.host();
    List<String> sets = host.instructionSets() == null ? List.of() : host.instructionSets();
    Integer processors = host.logicalProcessors();
    return Stream.of(
            host.processor(),
            DECISIVE.stream().filter(sets::contains).findFirst().orElse(null),
            processors == null ? null : processors + " threads",
            host.memoryGib() == null ? null : known(host.memoryGib(), " GiB"),
            run.note())
        .filter(Objects::nonNull)
        .collect(Collectors.joining(", "));
  }

  private static String known(Double... numbers) {
    return Stream.of(numbers)
        .filter(Objects::nonNull)
        .map(number -> known(number, ""))
        .collect(Collectors.joining("; "));
  }

  private static String known(Double number, String unit) {
    return number == null ? "" : number(number, null) + unit;
  }

  private static String versions(Run run) {
    return run.results().stream()
        .flatMap(result -> result.figures().stream())
        .map(Measurement::peer)
        .filter(peer -> peer != null && peer.version() != null)
        .map(Peer::version)
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /** Writes a row; empty cells at its end need not stand there. */
  private static String row(String... cells) {
    int count = cells.length;
    while (cells[count - 1].isEmpty()) {
      count--;
    }
    return Stream.of(cells)
        .limit(count)
        .map(Table::cell)
        .collect(Collectors.joining("|", "|", "|\n"));
  }

  /** Returns what is wrong with the claims of speed in a text: one line each. */
  List<String> unsupported(String text) {
    List<String> problems = new ArrayList<>();
    List<MatchResult> claims = CLAIM.matcher(text).results().toList();
    for (MatchResult claim : claims) {
      String prefix = claim.group(3);
      double lowest =
          entries.values().stream()
              .flatMap(List::stream)
              .map(Entry::figure)
              .filter(figure -> figure.label().startsWith(prefix) && figure.peer() != null)
              .mapToDouble(figure -> figure.peer().lowest())
              .min()
              .orElse(0);
      if (Double.parseDouble(claim.group(1)) > lowest) {
        problems.add(
            "%s times is claimed; the lowest ratio of '%s' is %.2f"
                .formatted(claim.group(1), prefix, lowest));
      }
    }
    long speeds = SPEED.matcher(text).results().count();
    if (speeds > claims.size()) {
      problems.add(speeds + " claims of speed, of which " + claims.size() + " name their results");
    }
    return problems;
  }
}
