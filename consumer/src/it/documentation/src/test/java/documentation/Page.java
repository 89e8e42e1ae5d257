package documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation.
 *
 * @param name its path relative to the project's root
 * @param blocks its fenced blocks, in order
 * @param artifacts what it tells to depend on, each {@code group:artifact}
 */
record Page(String name, List<Block> blocks, Set<String> artifacts) {

  private static final String DIRECTIVE = "<!-- snippet: ";

  /** Begins the line of a page that names what its snippets need, beside its blocks of XML. */
  private static final String DEPENDENCIES = "Dependencies: ";

  private static final Pattern NAMED =
      Pattern.compile("`(adapt4j-[a-z0-9-]+|[a-z][\\w.]+:[\\w.-]+)(?::[\\w.]+)?`");

  /**
   * A fenced block.
   *
   * @param language the word after the fence
   * @param line the line at which its text begins, from 1
   * @param directive what a snippet comment right before it says, "" without one
   * @param text its lines
   */
  record Block(String language, int line, String directive, String text) {}

  /** Returns README.md, that of the examples, and the pages of {@code docs}. */
  static List<Page> all(Path root) {
    List<Path> files =
        new ArrayList<>(List.of(root.resolve("README.md"), root.resolve("examples/README.md")));
    try (Stream<Path> docs = Files.list(root.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
      List<Page> pages = new ArrayList<>();
      for (Path file : files) {
        pages.add(
            of(root.relativize(file).toString().replace('\\', '/'), Files.readAllLines(file)));
      }
      return pages;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a page of these lines. */
  static Page of(String name, List<String> lines) {
    List<Block> blocks = new ArrayList<>();
    String directive = "";
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.startsWith(DIRECTIVE)) {
        StringBuilder text = new StringBuilder(line.substring(DIRECTIVE.length()));
        while (!lines.get(i).endsWith("-->")) {
          text.append(' ').append(lines.get(++i).strip());
        }
        directive = text.substring(0, text.length() - "-->".length()).strip();
      } else if (line.startsWith("```") && line.length() > 3) {
        int first = i + 1;
        StringBuilder text = new StringBuilder();
        while (!lines.get(++i).startsWith("```")) {
          text.append(lines.get(i)).append('\n');
        }
        blocks.add(new Block(line.substring(3).strip(), first + 1, directive, text.toString()));
        directive = "";
      } else if (!line.isBlank()) {
        directive = "";
      }
    }
    return new Page(name, blocks, artifacts(lines, blocks));
  }

  /**
   * Returns the Java of this page. A block that holds only imports is no snippet: they hold for the
   * whole page.
   */
  List<Snippet> snippets() {
    List<String> imports =
        blocks.stream()
            .filter(Page::onlyImports)
            .flatMap(block -> block.text().lines())
            .filter(line -> !line.isBlank())
            .toList();
    return blocks.stream()
        .filter(block -> block.language().equals("java") && !onlyImports(block))
        .map(block -> new Snippet(name, block.line(), block.directive(), block.text(), imports))
        .toList();
  }

  private static Set<String> artifacts(List<String> lines, List<Block> blocks) {
    Set<String> artifacts = new LinkedHashSet<>();
    lines.stream()
        .filter(line -> line.startsWith(DEPENDENCIES))
        .flatMap(line -> NAMED.matcher(line).results())
        .map(found -> found.group(1))
        .map(named -> named.contains(":") ? named : "io.adapt4j:" + named)
        .forEach(artifacts::add);
    blocks.stream()
        .filter(block -> block.language().equals("xml"))
        .flatMap(block -> Coordinates.of("<page>" + block.text() + "</page>").stream())
        .map(coordinate -> coordinate.group() + ":" + coordinate.artifact())
        .forEach(artifacts::add);
    return artifacts;
  }

  private static boolean onlyImports(Block block) {
    return block.language().equals("java")
        && block.text().lines().allMatch(line -> line.isBlank() || line.startsWith("import "));
  }
}
