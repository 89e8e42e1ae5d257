package io.adapt4j.examples;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The direction of dependencies between modules and packages.
 *
 * <p>A rule may find nothing to look at, for a module or package that is not there yet. What keeps
 * the rules from passing on nothing is {@link #everySourceFileOfAModuleIsLookedAt}.
 */
class ArchitectureTest {
  private static final String BASE = "io.adapt4j";

  /** Each module and the modules it may depend on. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.of(
          "core", Set.of(),
          "lora", Set.of("core"),
          "parquet", Set.of("core"),
          "qlora", Set.of("lora", "core"),
          "rag", Set.of("core"),
          "eval", Set.of("core"),
          "cli", Set.of("core", "lora", "parquet"),
          "examples", Set.of("core", "lora", "parquet", "qlora", "rag", "eval"));

  /** The modules that make up the library: all but examples and benchmarks, which use it. */
  private static final String[] LIBRARIES = {
    inModule("core"),
    inModule("lora"),
    inModule("parquet"),
    inModule("qlora"),
    inModule("rag"),
    inModule("eval")
  };

  private static JavaClasses classes;

  @BeforeAll
  static void readClasses() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(BASE);
  }

  static List<String> modules() {
    return ALLOWED.keySet().stream().sorted().toList();
  }

  static List<String> presentModules() {
    return modules().stream().filter(module -> Files.isDirectory(sources(module))).toList();
  }

  @ParameterizedTest
  @MethodSource("presentModules")
  void everySourceFileOfAModuleIsLookedAt(String module) throws IOException {
    assertThat(sourceClasses(module))
        .as("main classes of module %s", module)
        .isNotEmpty()
        .allSatisfy(name -> assertThat(classes.contain(name)).as(name).isTrue());
  }

  @Test
  void everyModuleOfTheBuildIsListedHere() throws IOException {
    String pom = Files.readString(root().resolve("pom.xml"));
    List<String> built =
        pom.lines()
            .map(String::strip)
            .filter(line -> line.startsWith("<module>"))
            .map(line -> line.substring("<module>".length(), line.indexOf("</module>")))
            .toList();
    // Benchmarks and the consumer stand above the examples, the BOM holds no class.
    Set<String> others = Set.of("bom", "benchmarks", "consumer");
    assertThat(built).containsAll(others);
    assertThat(built)
        .filteredOn(module -> !others.contains(module))
        .containsExactlyInAnyOrderElementsOf(presentModules());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void aModuleDependsOnlyOnThoseBelowIt(String module) {
    noClasses()
        .that()
        .resideInAPackage(inModule(module))
        .should()
        .dependOnClassesThat(
            describe(
                "of a module other than " + ALLOWED.get(module),
                target -> isOurs(target) && !mayUse(module, target)))
        .allowEmptyShould(true)
        .check(classes);
  }

  @ParameterizedTest
  @MethodSource("modules")
  void internalPackagesAreUsedOnlyByAdapt4jsOwnLibraryModules(String module) {
    noClasses()
        .that()
        .resideOutsideOfPackages(LIBRARIES)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BASE + "." + module + "..internal..")
        .because(
            "internal packages are shared by the library modules and may change without notice;"
                + " whatever uses the library must do with its public packages")
        .allowEmptyShould(true)
        .check(classes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"core", "rag"})
  void packagesHaveNoCycles(String module) {
    slices()
        .matching(BASE + "." + module + ".(*)..")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void onlyTheEngineTouchesPyTorchAndItsArrays() {
    classes()
        .that()
        .resideOutsideOfPackage(BASE + ".core.internal.tensor..")
        .should()
        .onlyDependOnClassesThat(outsidePackages("ai.djl.pytorch..", "ai.djl.ndarray.."))
        .check(classes);
  }

  @Test
  void onlyTheTokenizerTouchesTheTokenizersLibrary() {
    classes()
        .that()
        .resideOutsideOfPackage(BASE + ".core.tokenize..")
        .should()
        .onlyDependOnClassesThat(outsidePackages("ai.djl.huggingface.."))
        .check(classes);
  }

  private static DescribedPredicate<JavaClass> outsidePackages(String... packages) {
    return JavaClass.Predicates.resideOutsideOfPackages(packages);
  }

  private static boolean isOurs(JavaClass target) {
    return target.getPackageName().startsWith(BASE + ".");
  }

  private static boolean mayUse(String module, JavaClass target) {
    String owner = target.getPackageName().substring(BASE.length() + 1).split("\\.", 2)[0];
    return owner.equals(module) || ALLOWED.get(module).contains(owner);
  }

  private static String inModule(String module) {
    return BASE + "." + module + "..";
  }

  private static List<String> sourceClasses(String module) throws IOException {
    Path sources = sources(module);
    try (Stream<Path> files = Files.walk(sources)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.endsWith("package-info.java"))
          .map(file -> className(sources.relativize(file)))
          .toList();
    }
  }

  private static String className(Path source) {
    String name = source.toString().replace(source.getFileSystem().getSeparator(), ".");
    return name.substring(0, name.length() - ".java".length());
  }

  private static Path sources(String module) {
    return root().resolve(module).resolve("src/main/java");
  }

  /** The repository's root: Surefire runs a module's tests in the module's directory. */
  private static Path root() {
    return Path.of("..");
  }
}
