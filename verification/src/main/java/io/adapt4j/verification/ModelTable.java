package io.adapt4j.verification;

import io.adapt4j.gguf.internal.family.Families;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes the page of models: {@code ModelTable docs/models.md [FOLDER...]}, where the folders hold
 * checkpoints with reference results of Transformers.
 */
public final class ModelTable {

  private static final Path RESOURCES = Path.of("core/fixtures");

  private static final Pattern TYPE = Pattern.compile("\"model_type\"\\s*:\\s*\"([^\"]+)\"");

  private ModelTable() {}

  /** Group of models by capability. */
  enum Group {
    DENSE("Decoders", "generate, chat, score, classify, embed; train in full and with adapters"),
    MIXTURE("Mixtures of experts", "as decoders; adapters on attention and on experts"),
    HYBRID("Hybrids of attention and states", "as decoders; no prompt lookup"),
    ENCODER("Encoders", "embed, classify texts and tokens, fill masks; train likewise"),
    SEQUENCE("Encoder-decoders", "generate with beams; train in full and with LoRA");

    private final String title;
    private final String does;

    Group(String title, String does) {
      this.title = title;
      this.does = does;
    }
  }

  /**
   * A model family.
   *
   * @param compared its model types that are verified against Transformers
   */
  record Row(Group group, String name, String sizes, List<String> types, List<String> compared) {}

  /**
   * Reads every family, in the order of the page; a star marks types compared with Transformers.
   */
  static List<Row> rows() {
    return resource("models.tsv").lines().map(ModelTable::row).toList();
  }

  private static Row row(String line) {
    String[] fields = line.split("\t", -1);
    List<String> types = List.of(fields[3].split(" ", -1));
    return new Row(
        Group.valueOf(fields[0]),
        fields[1],
        fields[2],
        types.stream().map(type -> type.replace("*", "")).toList(),
        types.stream()
            .filter(type -> type.endsWith("*"))
            .map(type -> type.replace("*", ""))
            .toList());
  }

  private static String resource(String name) {
    try (InputStream file =
        Objects.requireNonNull(ModelTable.class.getResourceAsStream(name), name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String page(Set<String> referenced) {
    StringBuilder page = new StringBuilder(resource("models-head.md"));
    for (Group group : Group.values()) {
      page.append("\n## ").append(group.title).append("\n\n");
      page.append("They ").append(group.does).append(".\n\n");
      page.append(
          "| family | sizes | `model_type` | GGUF | verified |\n| --- | --- | --- | --- | --- |\n");
      rows().stream()
          .filter(row -> row.group() == group)
          .forEach(row -> page.append(line(row, referenced)));
    }
    return page.append(resource("models-files.md")).toString();
  }

  private static String line(Row row, Set<String> referenced) {
    String types = row.types().stream().map("`%s`"::formatted).collect(Collectors.joining(", "));
    boolean gguf = row.types().stream().anyMatch(Families::hasModelType);
    List<String> verified =
        Stream.of(
                row.compared().isEmpty() ? "" : "T",
                row.types().stream().anyMatch(referenced::contains) ? "R" : "",
                gguf ? "L" : "")
            .filter(mark -> !mark.isEmpty())
            .toList();
    return "| %s | %s | %s | %s | %s |%n"
        .formatted(
            row.name(),
            row.sizes(),
            types,
            gguf ? "in and out" : "",
            verified.isEmpty() ? "by its parts" : String.join(", ", verified));
  }

  /** Returns the model types of all checkpoints below a folder. */
  static Set<String> types(Path folder) throws IOException {
    Set<String> types = new TreeSet<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(path -> path.endsWith("config.json")).toList()) {
        Matcher matcher = TYPE.matcher(Files.readString(file, StandardCharsets.UTF_8));
        while (matcher.find()) {
          types.add(matcher.group(1));
        }
      }
    }
    return types;
  }

  /** Returns the model types verified by the second implementation. */
  static Set<String> referenced(Path resources) throws IOException {
    Set<String> types = types(resources.resolve("families"));
    types.addAll(types(resources.resolve("sequences")));
    return types;
  }

  /**
   * Writes the page from the root of the project.
   *
   * @param args the page and optionally folders with golden models
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      System.err.println("Usage: ModelTable docs/models.md [FOLDER...]");
      System.exit(2);
    }
    for (String folder : Arrays.asList(args).subList(1, args.length)) {
      Set<String> missing = new TreeSet<>();
      rows().forEach(row -> missing.addAll(row.compared()));
      missing.removeAll(types(Path.of(folder)));
      System.out.println(folder + " has no model of " + missing);
    }
    Files.writeString(Path.of(args[0]), page(referenced(RESOURCES)));
  }
}
