package documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The snippets of the documentation, in a project that depends on Adapt4J's jars only. */
class DocumentationTest {

  private static final Path ROOT = Path.of(System.getProperty("adapt4j.documents")).normalize();
  private static final Path PROJECT = Path.of(System.getProperty("adapt4j.project"));
  private static final Path CLASSES = PROJECT.resolve("target/snippets");

  private static final List<Page> PAGES = Page.all(ROOT);

  /** What the compiler says of each snippet, by the name of its class. */
  private static final Map<String, List<String>> ERRORS = new LinkedHashMap<>();

  @BeforeAll
  static void compileAll() throws IOException {
    Files.createDirectories(CLASSES);
    Fixtures.create(ROOT);
    List<JavaFileObject> sources = new ArrayList<>();
    for (Snippet snippet : snippets().toList()) {
      if (snippet.coveredBy().isEmpty()) {
        sources.add(new Source(snippet));
      }
    }
    if (!compile(sources)) {
      // An error in one snippet keeps the compiler from writing the others.
      sources.removeIf(source -> ERRORS.containsKey(((Source) source).snippet.className()));
      compile(sources);
    }
  }

  private static boolean compile(List<JavaFileObject> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-d",
            CLASSES.toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "-proc:none",
            "-parameters");
    boolean compiled = compiler.getTask(null, null, found, options, null, sources).call();
    for (Diagnostic<? extends JavaFileObject> error : found.getDiagnostics()) {
      if (error.getKind() == Diagnostic.Kind.ERROR) {
        Snippet snippet = ((Source) error.getSource()).snippet;
        long line = snippet.line() + error.getLineNumber() - snippet.firstLine();
        ERRORS
            .computeIfAbsent(snippet.className(), name -> new ArrayList<>())
            .add(snippet.page() + ":" + line + ": " + error.getMessage(null));
      }
    }
    return compiled;
  }

  @TestFactory
  Stream<DynamicTest> everySnippetCompilesAgainstTheJars() {
    return snippets()
        .map(
            snippet ->
                DynamicTest.dynamicTest(
                    snippet.name(),
                    () -> {
                      if (!snippet.coveredBy().isEmpty()) {
                        assertTrue(
                            Files.exists(ROOT.resolve(snippet.coveredBy())),
                            "no such test: " + snippet.coveredBy());
                        return;
                      }
                      assertEquals(
                          "",
                          String.join("\n", ERRORS.getOrDefault(snippet.className(), List.of())));
                    }));
  }

  @TestFactory
  Stream<DynamicTest> everySnippetThatCanRunRuns() {
    return snippets()
        .filter(Snippet::runs)
        .map(snippet -> DynamicTest.dynamicTest(snippet.name(), () -> run(snippet)));
  }

  /** The blocks of XML are parts of a project: this one has each of them. */
  @TestFactory
  Stream<DynamicTest> everyDependencyOfThePagesResolves() throws Exception {
    List<String> ours = coordinates(Files.readString(PROJECT.resolve("pom.xml")));
    return blocks("xml")
        .map(
            found ->
                DynamicTest.dynamicTest(
                    found.name(),
                    () -> {
                      List<String> asked = coordinates("<page>" + found.block().text() + "</page>");
                      assertTrue(!asked.isEmpty(), "no dependency in the block");
                      for (String coordinate : asked) {
                        assertTrue(ours.contains(coordinate), coordinate + " is not tried here");
                      }
                    }));
  }

  /** The commands of the pages name programs and classes that exist. */
  @TestFactory
  Stream<DynamicTest> everyProgramOfTheCommandsExists() {
    return blocks("sh")
        .map(
            found ->
                DynamicTest.dynamicTest(
                    found.name(),
                    () -> {
                      List<String> missing = Commands.missing(found.block().text(), ROOT);
                      assertEquals(List.of(), missing);
                    }));
  }

  @TestFactory
  Stream<DynamicTest> everyRunInYamlIsRead() {
    return blocks("yaml")
        .map(
            found ->
                DynamicTest.dynamicTest(
                    found.name(),
                    () -> Yaml.check(found.block().text(), found.block().directive())));
  }

  @Test
  void thereAreSnippets() {
    assertTrue(snippets().count() > 70, "only " + snippets().count() + " snippets found");
    assertTrue(snippets().filter(Snippet::runs).count() >= 10, "hardly a snippet runs");
  }

  private record Found(Page page, Page.Block block) {
    String name() {
      return page.name() + ":" + block.line();
    }
  }

  private static Stream<Found> blocks(String language) {
    return PAGES.stream()
        .flatMap(
            page ->
                page.blocks().stream()
                    .filter(block -> block.language().equals(language))
                    .map(block -> new Found(page, block)));
  }

  private static Stream<Snippet> snippets() {
    return PAGES.stream().flatMap(page -> page.snippets().stream());
  }

  private static void run(Snippet snippet) throws Exception {
    if (ERRORS.containsKey(snippet.className())) {
      fail("does not compile");
    }
    URL[] urls = {CLASSES.toUri().toURL()};
    try (URLClassLoader loader =
        new URLClassLoader(urls, DocumentationTest.class.getClassLoader())) {
      Class<?> type = loader.loadClass(snippet.className());
      Method method =
          Stream.of(type.getMethods())
              .filter(each -> each.getName().equals("run"))
              .findFirst()
              .orElseThrow();
      try (Fixtures fixtures = new Fixtures()) {
        Object[] arguments = Stream.of(method.getParameters()).map(fixtures::value).toArray();
        method.invoke(null, arguments);
      } catch (InvocationTargetException e) {
        // A build without a C++ compiler lacks these kernels, and says so.
        assumeFalse(
            String.valueOf(e.getCause().getMessage()).contains("need the kernels in C++"),
            () -> e.getCause().getMessage());
        throw new AssertionError(snippet.name() + ": " + e.getCause(), e.getCause());
      }
    }
  }

  /** Returns group:artifact[:classifier] of each dependency, the managed ones included. */
  private static List<String> coordinates(String xml) throws Exception {
    NodeList dependencies =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(xml)))
            .getElementsByTagName("dependency");
    List<String> all = new ArrayList<>();
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      all.add(
          Stream.of("groupId", "artifactId", "classifier")
              .map(dependency::getElementsByTagName)
              .filter(nodes -> nodes.getLength() > 0)
              .map(nodes -> nodes.item(0).getTextContent().strip())
              .collect(Collectors.joining(":")));
    }
    return all;
  }

  /** A snippet as the compiler reads it. */
  private static final class Source extends SimpleJavaFileObject {

    private final Snippet snippet;

    private Source(Snippet snippet) {
      super(URI.create("string:///" + snippet.className() + ".java"), Kind.SOURCE);
      this.snippet = snippet;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return snippet.source();
    }
  }
}
