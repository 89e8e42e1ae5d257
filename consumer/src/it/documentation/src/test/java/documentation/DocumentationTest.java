package documentation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The snippets of the documentation, in a project that depends on Adapt4J's jars only. */
class DocumentationTest {

  private static final Path ROOT = Path.of(System.getProperty("adapt4j.documents")).normalize();
  private static final Path PROJECT = Path.of(System.getProperty("adapt4j.project"));
  private static final Path CLASSES = PROJECT.resolve("target/snippets");

  private static final List<Page> PAGES = Page.all(ROOT);

  /** What the compiler says of each snippet, by the name of its class. */
  private static final Map<String, List<String>> ERRORS = new LinkedHashMap<>();

  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  private static final ClassPaths CLASS_PATHS = ClassPaths.ofThisProject();

  @BeforeAll
  static void compileAll() throws IOException {
    Files.createDirectories(CLASSES);
    Fixtures.create(ROOT);
    // One for all pages, so that each jar is opened once.
    try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
      for (Page page : PAGES) {
        List<JavaFileObject> sources = new ArrayList<>();
        for (Snippet snippet : page.snippets()) {
          if (snippet.coveredBy().isEmpty()) {
            sources.add(new Source(snippet));
          }
        }
        if (!compile(page, sources, files)) {
          // An error in one snippet keeps the compiler from writing the others.
          sources.removeIf(source -> ERRORS.containsKey(((Source) source).snippet.className()));
          compile(page, sources, files);
        }
      }
    }
  }

  /** Compiles with what the page tells to depend on, and nothing else. */
  private static boolean compile(
      Page page, List<JavaFileObject> sources, StandardJavaFileManager files) {
    if (sources.isEmpty()) {
      return true;
    }
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-d",
            CLASSES.toString(),
            "-cp",
            CLASS_PATHS.of(page.artifacts()),
            "-proc:none",
            "-parameters");
    boolean compiled = COMPILER.getTask(null, files, found, options, null, sources).call();
    for (Diagnostic<? extends JavaFileObject> error : found.getDiagnostics()) {
      if (error.getKind() == Diagnostic.Kind.ERROR) {
        JavaFileObject source = error.getSource() == null ? sources.get(0) : error.getSource();
        Snippet snippet = ((Source) source).snippet;
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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "inference",
        "lora",
        "qlora",
        "gguf",
        "rag",
        "structured",
        "tools",
        "serve",
        "langchain4j"
      })
  void whatRunsModelsBringsNoTraining(String module) {
    String path = CLASS_PATHS.of(Set.of("io.adapt4j:adapt4j-" + module));
    assertTrue(path.contains("adapt4j-inference"), path);
    assertFalse(path.contains("adapt4j-core"), path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"inference", "lora", "structured", "tools", "serve", "langchain4j"})
  void whatRunsModelsBringsNoReadersOfDataSets(String module) {
    String path = CLASS_PATHS.of(Set.of("io.adapt4j:adapt4j-" + module));
    assertFalse(path.contains("adapt4j-data") || path.contains("fastcsv"), path);
  }

  /** In a JVM with what the page tells to depend on, and nothing else. */
  @TestFactory
  Stream<DynamicTest> everySnippetThatCanRunRuns() {
    return PAGES.stream()
        .filter(page -> page.snippets().stream().anyMatch(Snippet::runs))
        .map(page -> DynamicTest.dynamicTest(page.name(), () -> run(page)));
  }

  /**
   * The blocks of XML are parts of a project: this one has each of them, in the version that the
   * page states. Without one the BOM has it.
   */
  @TestFactory
  Stream<DynamicTest> everyDependencyOfThePagesResolves() throws Exception {
    List<Coordinates> ours = Coordinates.of(Files.readString(PROJECT.resolve("pom.xml")));
    List<Coordinates> bom = Coordinates.of(Files.readString(ROOT.resolve("bom/pom.xml")));
    return blocks("xml")
        .map(
            found ->
                DynamicTest.dynamicTest(
                    found.name(),
                    () -> {
                      List<Coordinates> asked =
                          Coordinates.of("<page>" + found.block().text() + "</page>");
                      assertTrue(!asked.isEmpty(), "no dependency in the block");
                      asked.forEach(coordinate -> require(coordinate, ours, bom));
                    }));
  }

  private static void require(Coordinates asked, List<Coordinates> ours, List<Coordinates> bom) {
    boolean managed = bom.stream().anyMatch(asked::isArtifact);
    assertTrue(managed || !asked.version().isEmpty(), asked + ": neither a version nor the BOM's");
    assertTrue(
        ours.stream()
            .filter(asked::isArtifact)
            .anyMatch(
                own ->
                    asked.version().isEmpty()
                        || own.version().isEmpty()
                        || own.version().equals(asked.version())),
        asked + " is not tried here");
  }

  /** What a page names without a version is in the BOM. */
  @TestFactory
  Stream<DynamicTest> everyPageWithJavaNamesWhatItNeeds() throws IOException {
    List<Coordinates> bom = Coordinates.of(Files.readString(ROOT.resolve("bom/pom.xml")));
    return PAGES.stream()
        .filter(page -> page.snippets().stream().anyMatch(each -> each.coveredBy().isEmpty()))
        .map(
            page ->
                DynamicTest.dynamicTest(
                    page.name(),
                    () -> {
                      assertTrue(!page.artifacts().isEmpty(), "the page names no dependency");
                      for (String artifact : page.artifacts()) {
                        boolean stated =
                            page.blocks().stream()
                                .anyMatch(block -> block.text().contains(artifact.split(":")[1]));
                        boolean managed =
                            bom.stream()
                                .anyMatch(
                                    own -> artifact.equals(own.group() + ":" + own.artifact()));
                        assertTrue(stated || managed, artifact + " is not in the BOM");
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

  private static void run(Page page) throws Exception {
    for (Snippet snippet : page.snippets()) {
      if (snippet.runs() && ERRORS.containsKey(snippet.className())) {
        fail(snippet.name() + " does not compile");
      }
    }
    String classPath =
        String.join(
            File.pathSeparator,
            CLASS_PATHS.of(page.artifacts()),
            PROJECT.resolve("target/test-classes").toString(),
            CLASSES.toString());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx1g",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                classPath,
                RunPage.class.getName(),
                ROOT.toString(),
                page.name())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    List<String> failed = said.lines().filter(line -> line.startsWith(RunPage.FAILED)).toList();
    assertTrue(failed.isEmpty(), () -> String.join("\n", failed) + "\n" + said);
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
