package io.adapt4j.verification;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The direction of dependencies between modules, packages and classes.
 *
 * <p>A rule may find nothing to look at, for a module or package that is not there yet. What keeps
 * the rules from passing on nothing is {@link #everySourceFileOfAModuleIsLookedAt}.
 */
class ArchitectureTest {
  private static final String BASE = "io.adapt4j";

  /** Each module and the modules it may depend on. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          Map.entry("jinja", Set.of()),
          Map.entry("core", Set.of("jinja")),
          Map.entry("kernels", Set.of("core")),
          Map.entry("lora", Set.of("core")),
          Map.entry("parquet", Set.of("core")),
          Map.entry("gguf", Set.of("jinja", "core", "kernels", "lora", "qlora")),
          Map.entry("qlora", Set.of("kernels", "lora", "core")),
          Map.entry("structured", Set.of("core")),
          Map.entry("vision", Set.of("core", "jinja")),
          Map.entry("speech", Set.of("core", "eval")),
          Map.entry("tools", Set.of("core", "jinja", "structured")),
          Map.entry(
              "serve",
              Set.of("core", "jinja", "rag", "structured", "tools", "eval", "speech", "vision")),
          Map.entry("rag", Set.of("core", "vision")),
          Map.entry("federated", Set.of("core", "lora")),
          Map.entry("spark", Set.of("core", "jinja", "lora", "qlora", "federated", "rag", "eval")),
          Map.entry(
              "langchain4j", Set.of("core", "tools", "structured", "rag", "upkeep", "vision")),
          Map.entry(
              "spring-boot-3", Set.of("core", "tools", "structured", "serve", "rag", "vision")),
          Map.entry("eval", Set.of("core")),
          Map.entry("upkeep", Set.of("core", "lora", "eval", "rag")),
          Map.entry("studio", Set.of("core", "jinja", "serve", "rag", "eval", "upkeep")),
          Map.entry(
              "cli",
              Set.of(
                  "jinja", "core", "lora", "parquet", "gguf", "tools", "serve", "rag", "eval",
                  "upkeep", "studio", "speech", "vision")),
          Map.entry(
              "examples",
              Set.of(
                  "core",
                  "lora",
                  "parquet",
                  "qlora",
                  "vision",
                  "federated",
                  "rag",
                  "eval",
                  "upkeep")),
          Map.entry(
              "benchmarks",
              Set.of(
                  "core",
                  "kernels",
                  "lora",
                  "parquet",
                  "qlora",
                  "federated",
                  "gguf",
                  "structured",
                  "vision",
                  "serve",
                  "rag",
                  "eval")),
          Map.entry(
              "verification",
              Set.of(
                  "jinja",
                  "core",
                  "lora",
                  "parquet",
                  "qlora",
                  "gguf",
                  "structured",
                  "vision",
                  "tools",
                  "serve",
                  "speech",
                  "rag",
                  "eval",
                  "examples")));

  /** The modules that make up the library; the others use it as an application does. */
  private static final Set<String> LIBRARIES =
      Set.of(
          "jinja",
          "core",
          "kernels",
          "lora",
          "parquet",
          "qlora",
          "gguf",
          "structured",
          "vision",
          "speech",
          "tools",
          "serve",
          "rag",
          "federated",
          "spark",
          "langchain4j",
          "spring-boot-3",
          "eval",
          "upkeep",
          "studio");

  /** What the command line or an example needs of internal packages; only ever less. */
  private static final Set<String> NOT_YET_PUBLIC =
      Set.of(
          BASE + ".core.internal.checkpoint.StoredType",
          BASE + ".core.internal.provenance.MachineReport",
          BASE + ".core.internal.provenance.Provenance",
          BASE + ".core.internal.provenance.SystemInfo",
          BASE + ".core.internal.tensor.host.Processor");

  /** The most classes of a module that depend on each other in a circle; 1 where none stands. */
  private static final Map<String, Integer> LARGEST_KNOT =
      Map.of("jinja", 5, "core", 11, "lora", 2, "rag", 3, "eval", 5, "verification", 2);

  private static final JavaClasses classes = ImportedClasses.all();

  static List<String> modules() {
    return ALLOWED.keySet().stream().sorted().toList();
  }

  @ParameterizedTest
  @MethodSource("modules")
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
            .map(module -> module.substring(module.lastIndexOf('/') + 1))
            .toList();
    // The consumer's snippets are compiled elsewhere; what is made for Spring Boot 4 has the same
    // sources as for 3, but for classes that differ, so that one class path cannot have both; the
    // platforms of the kernels have no classes.
    Set<String> others =
        Set.of("bom", "consumer", "test-support", "spring-boot-4", "examples-spring", "platform");
    assertThat(built).containsAll(others);
    assertThat(built)
        .filteredOn(module -> !others.contains(module))
        .containsExactlyInAnyOrderElementsOf(modules());
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
        .resideOutsideOfPackages(mayUseInternals())
        .should()
        .dependOnClassesThat(
            JavaClass.Predicates.resideInAPackage(packageOf(module) + "..internal..")
                .and(
                    describe(
                        "not among the exceptions of today",
                        target ->
                            !NOT_YET_PUBLIC.contains(target.getBaseComponentType().getName()))))
        .because(
            "internal packages are shared by the library modules and may change without notice;"
                + " whatever uses the library must do with its public packages")
        .allowEmptyShould(true)
        .check(classes);
  }

  @Test
  void everyInternalClassThatIsExceptedExists() {
    assertThat(NOT_YET_PUBLIC)
        .allSatisfy(name -> assertThat(classes.contain(name)).as(name).isTrue());
  }

  /** A package and those below it are packages of their own here. */
  @ParameterizedTest
  @MethodSource("modules")
  void packagesHaveNoCycles(String module) {
    slices()
        .assignedFrom(new PackagesOf(module))
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(classes);
  }

  /**
   * A class and those nested in it count as one. When a knot gets smaller, lower its number.
   *
   * <p>The largest is printed, so that whoever cuts it knows what is in it.
   */
  @ParameterizedTest
  @MethodSource("modules")
  void classesThatNeedEachOtherInACircleGetNoMore(String module) {
    List<String> largest = ClassGraph.of(classes, packageOf(module)).largestKnot();
    System.out.printf(
        "Largest knot of %s: %d classes%s%n",
        module, largest.size(), largest.size() > 1 ? " " + largest : "");
    assertThat(largest)
        .as("classes of %s that depend on each other in a circle", module)
        .hasSizeLessThanOrEqualTo(LARGEST_KNOT.getOrDefault(module, 1));
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
  void theGgufFormatNeedsOnlyTheJdk() {
    String format = BASE + ".gguf.format..";
    classes()
        .that()
        .resideInAPackage(format)
        .should()
        .onlyDependOnClassesThat(
            JavaClass.Predicates.resideInAnyPackage(format, "java..", "org.jspecify.annotations.."))
        .because("it reads and writes files without a model, and is easy to take elsewhere")
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

  @Test
  void onlyTheKernelsTouchNativeCodeThroughJavaCpp() {
    classes()
        .that()
        .resideOutsideOfPackages(inModule("kernels"), inModule("benchmarks"))
        .should()
        .onlyDependOnClassesThat(outsidePackages("org.bytedeco.."))
        .check(classes);
    classes()
        .that()
        .resideOutsideOfPackage(BASE + ".kernels.internal.cuda..")
        .should()
        .onlyDependOnClassesThat(outsidePackages("org.bytedeco.cuda.."))
        .check(classes);
  }

  private static DescribedPredicate<JavaClass> outsidePackages(String... packages) {
    return JavaClass.Predicates.resideOutsideOfPackages(packages);
  }

  private static boolean isOurs(JavaClass target) {
    return target.getPackageName().startsWith(BASE + ".");
  }

  private static boolean mayUse(String module, JavaClass target) {
    String owner = target.getPackageName() + ".";
    return Stream.concat(Stream.of(module), ALLOWED.get(module).stream())
        .anyMatch(allowed -> owner.startsWith(packageOf(allowed) + "."));
  }

  /** Checks and benchmarks look into the library: at layers, tensors and kernels. */
  private static String[] mayUseInternals() {
    return Stream.concat(LIBRARIES.stream(), Stream.of("benchmarks", "verification"))
        .map(ArchitectureTest::inModule)
        .toArray(String[]::new);
  }

  private static String inModule(String module) {
    return packageOf(module) + "..";
  }

  /** Modules for several versions of a framework have the package of the framework. */
  private static String packageOf(String module) {
    return BASE + "." + (module.startsWith("spring-boot") ? "spring" : module);
  }

  private static List<String> sourceClasses(String module) throws IOException {
    List<String> names = new ArrayList<>();
    for (Path folder : foldersOf(module)) {
      for (String kind : List.of("src/main/java", "src/shared/java")) {
        Path sources = folder.resolve(kind);
        if (Files.exists(sources)) {
          try (Stream<Path> files = Files.walk(sources)) {
            files
                .filter(file -> file.toString().endsWith(".java"))
                .filter(file -> !file.endsWith("package-info.java"))
                .forEach(file -> names.add(className(sources.relativize(file))));
          }
        }
      }
    }
    return names;
  }

  /** Folder of a module, or those of the layers of core. */
  private static List<Path> foldersOf(String module) throws IOException {
    return module.equals("core")
        ? CoreLayersTest.folders(root())
        : List.of(ModuleFolders.of(root(), module));
  }

  private static String className(Path source) {
    String name = source.toString().replace(source.getFileSystem().getSeparator(), ".");
    return name.substring(0, name.length() - ".java".length());
  }

  /** The repository's root: Surefire runs a module's tests in the module's directory. */
  private static Path root() {
    return Path.of("..");
  }

  /** Gives each package of a module a slice. */
  private record PackagesOf(String module) implements SliceAssignment {

    @Override
    public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
      String name = javaClass.getPackageName();
      String top = packageOf(module);
      return name.equals(top) || name.startsWith(top + ".")
          ? SliceIdentifier.of(name)
          : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "packages of " + module;
    }
  }
}
