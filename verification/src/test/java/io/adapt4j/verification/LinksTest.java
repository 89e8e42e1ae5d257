package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.junit.jupiter.api.Test;

/** Links of the documentation lead somewhere, and its map names every page. */
class LinksTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path MAP = ROOT.resolve("docs/README.md");

  /** Links and anchors of a page. */
  private static final class Page extends AbstractVisitor {

    private final List<String> links = new ArrayList<>();
    private final Set<String> anchors = new HashSet<>();

    static Page of(Path file) {
      Page page = new Page();
      try {
        Parser.builder().build().parse(Files.readString(file)).accept(page);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return page;
    }

    @Override
    public void visit(Link link) {
      links.add(link.getDestination());
      visitChildren(link);
    }

    @Override
    public void visit(Image image) {
      links.add(image.getDestination());
    }

    /** Adds the anchor that GitHub makes of a heading. */
    @Override
    public void visit(Heading heading) {
      String slug =
          words(heading)
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\w\\p{L} -]", "")
              .replace(' ', '-');
      String anchor = slug;
      for (int i = 1; !anchors.add(anchor); i++) {
        anchor = slug + '-' + i;
      }
      visitChildren(heading);
    }

    private static String words(Node node) {
      StringBuilder words = new StringBuilder();
      for (Node part = node.getFirstChild(); part != null; part = part.getNext()) {
        words.append(
            part instanceof Text text
                ? text.getLiteral()
                : part instanceof Code code ? code.getLiteral() : words(part));
      }
      return words.toString();
    }
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    for (String folder :
        List.of("", "docs", "examples", "benchmarks", "integrations/examples-spring")) {
      try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
        files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
      }
    }
    return pages;
  }

  @Test
  void everyLinkLeadsToAFileAndAHeading() throws IOException {
    Map<Path, Page> read = new HashMap<>();
    List<String> broken = new ArrayList<>();
    int links = 0;
    for (Path file : pages()) {
      for (String link : read.computeIfAbsent(file, Page::of).links) {
        if (link.matches("\\w+:.*")) {
          continue;
        }
        links++;
        String[] parts = link.split("#", 2);
        Path target = parts[0].isEmpty() ? file : file.resolveSibling(parts[0]).normalize();
        boolean leads =
            Files.exists(target)
                && (parts.length == 1
                    || read.computeIfAbsent(target, Page::of).anchors.contains(parts[1]));
        if (!leads) {
          broken.add(ROOT.relativize(file) + ": " + link);
        }
      }
    }
    assertThat(links).isGreaterThan(400);
    assertThat(broken).isEmpty();
  }

  @Test
  void theMapNamesEveryPage() throws IOException {
    Set<Path> named = new HashSet<>();
    for (String link : Page.of(MAP).links) {
      named.add(MAP.resolveSibling(link.replaceFirst("#.*", "")).normalize());
    }
    List<Path> pages = pages();
    pages.removeIf(page -> !page.startsWith(MAP.getParent()) || page.equals(MAP));
    assertThat(pages).hasSizeGreaterThan(40);
    pages.removeAll(named);
    assertThat(pages).as("pages that %s does not name", MAP).isEmpty();
  }
}
