package io.adapt4j.core.internal.tensor;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.pytorch.jni.LibUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/** Where native code comes from, and what a start that fails says, each in its own process. */
@EnabledOnOs(OS.LINUX)
class EngineStartTest {

  private static final String STARTED = "EngineException";

  /** On the disk of libtorch, which is linked into it. */
  @TempDir(factory = TempDirFactory.Standard.class)
  private Path folder;

  private Path unpacked;

  @BeforeEach
  void find() {
    EngineInfo.version();
    unpacked = Path.of(LibUtils.getLibtorchPath());
    assumeTrue(Files.isRegularFile(unpacked.resolve("libtorch.so")), "no unpacked libtorch");
  }

  private static List<String> start(
      List<String> properties, Map<String, String> environment, String... arguments)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(properties);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(StartProgram.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    List.of(
            words(
                "OMP_WAIT_POLICY GOMP_SPINCOUNT DJL_CACHE_DIR ENGINE_CACHE_DIR",
                "MALLOC_TRIM_THRESHOLD_ MALLOC_MMAP_THRESHOLD_ GLIBC_TUNABLES"))
        .forEach(builder.environment()::remove);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.lines().toList();
  }

  /** Libtorch in a cache, without a copy where links can be made. */
  private Path fill(Path cache) throws IOException {
    Path copy = cache.resolve("pytorch").resolve(unpacked.getFileName().toString());
    Files.createDirectories(copy);
    try (Stream<Path> files = Files.list(unpacked)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path to = copy.resolve(file.getFileName().toString());
        try {
          Files.createLink(to, file);
        } catch (IOException | UnsupportedOperationException e) {
          Files.copy(file, to);
        }
      }
    }
    return copy;
  }

  private static void permissions(Path path, String permissions) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
  }

  private List<String> withoutHome() {
    return List.of("-Duser.home=" + folder.resolve("none"), "-Djava.io.tmpdir=" + folder);
  }

  private Path privateFolder() throws IOException {
    return Files.createDirectories(
        folder.resolve("adapt4j-natives-" + System.getProperty("user.name")));
  }

  @Test
  void aLibraryInTheFolderOfAKnownNameIsNotLoaded() throws Exception {
    Path planted = fill(folder.resolve(".djl.ai"));
    Files.delete(planted.resolve("libtorch.so"));
    Files.writeString(planted.resolve("libtorch.so"), "somebody else's code");
    Path own = privateFolder();
    permissions(own, "rwx------");
    fill(own);
    assertThat(start(withoutHome(), Map.of()))
        .filteredOn(line -> line.startsWith("from "))
        .hasSize(2)
        .allMatch(line -> line.startsWith("from " + own));
  }

  @Test
  void aFolderThatOthersMayWriteToIsRefusedAtEveryStart() throws Exception {
    permissions(privateFolder(), "rwxrwxrwx");
    assertThat(start(withoutHome(), Map.of()))
        .filteredOn(line -> line.contains(STARTED))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains("libtorch was not loaded")
                    .contains(privateFolder() + " may be written to by everybody (rwxrwxrwx)")
                    .contains("Set DJL_CACHE_DIR"));
  }

  @Test
  void aFolderThatOthersMayReplaceIsRefused() throws Exception {
    permissions(privateFolder(), "rwx------");
    permissions(folder, "rwxrwxrwx");
    try {
      assertThat(start(withoutHome(), Map.of()))
          .anyMatch(line -> line.contains(folder + " may be written to by everybody"));
    } finally {
      permissions(folder, "rwx------");
    }
  }

  @Test
  void aNamedFolderIsCheckedToo() throws Exception {
    Path cache = Files.createDirectories(folder.resolve("cache"));
    permissions(cache, "rwxrwxrwx");
    for (String name : List.of("DJL_CACHE_DIR", "ENGINE_CACHE_DIR")) {
      assertThat(start(List.of("-D" + name + "=" + cache), Map.of()))
          .anyMatch(line -> line.contains(STARTED) && line.contains("written to by everybody"));
      assertThat(start(List.of(), Map.of(name, cache.toString())))
          .anyMatch(line -> line.contains(STARTED) && line.contains("written to by everybody"));
    }
  }

  @Test
  void aFolderOfSomebodyElseIsRefused() throws Exception {
    Path cache = Files.createDirectories(folder.resolve("cache"));
    try {
      Files.setAttribute(cache, "unix:uid", 12345);
    } catch (IOException e) {
      assumeTrue(false, "only root can give a folder away");
    }
    assertThat(start(List.of("-DDJL_CACHE_DIR=" + cache), Map.of()))
        .anyMatch(line -> line.contains(STARTED) && line.contains(cache + " belongs to 12345"));
  }

  @Test
  void aLibraryThatIsNotThatOfTheClassPathIsRefused() throws Exception {
    Path copy = fill(folder.resolve("cache"));
    byte[] content = Files.readAllBytes(copy.resolve("libc10.so"));
    Files.delete(copy.resolve("libc10.so"));
    content[content.length / 2] ^= 1;
    Files.write(copy.resolve("libc10.so"), content);
    assertThat(start(List.of("-DDJL_CACHE_DIR=" + folder.resolve("cache")), Map.of()))
        .filteredOn(line -> line.contains(STARTED))
        .hasSize(2)
        .allSatisfy(
            line ->
                assertThat(line)
                    .contains(copy.resolve("libc10.so") + ": expected the library of")
                    .contains("pytorch/cpu/linux-x86_64/libc10.so")
                    .contains("Delete the folder " + copy));
  }

  @Test
  void aLibraryThatDoesNotBelongThereIsRefused() throws Exception {
    Path copy = fill(folder.resolve("cache"));
    Files.writeString(copy.resolve("liba.so"), "more code");
    assertThat(start(List.of("-DDJL_CACHE_DIR=" + folder.resolve("cache")), Map.of()))
        .anyMatch(line -> line.contains(STARTED) && line.contains("found also [liba.so]"));
  }

  @Test
  void theTokenizersLibraryIsCheckedToo() throws Exception {
    Path tokenizer = Path.of("..", "..", "examples", "models", "stories260K").toAbsolutePath();
    Path cache = folder.resolve("cache");
    List<String> properties = List.of("-DDJL_CACHE_DIR=" + cache);
    assertThat(start(properties, Map.of(), tokenizer.toString()))
        .filteredOn(line -> line.equals("tokenizer works"))
        .hasSize(2);
    Path library;
    try (Stream<Path> files = Files.walk(cache)) {
      library = files.filter(file -> file.endsWith("libtokenizers.so")).findFirst().orElseThrow();
    }
    Files.writeString(library, "somebody else's code");
    assertThat(start(properties, Map.of(), tokenizer.toString()))
        .filteredOn(line -> line.contains("EngineException"))
        .hasSize(2)
        .allMatch(line -> line.contains(library + ": expected the library of"));
  }

  @Test
  void threadsWaitPassivelyWhereTheEnvironmentSaysNothing() throws Exception {
    List<String> lines = start(List.of(), Map.of("OMP_DISPLAY_ENV", "VERBOSE"));
    assertThat(lines).contains("waits OMP_WAIT_POLICY=PASSIVE, set before libtorch was loaded");
    assertThat(lines).anyMatch(line -> line.matches(".*GOMP_SPINCOUNT = '0'.*"));
  }

  @Test
  void theUsersOwnPolicyStays() throws Exception {
    List<String> lines =
        start(List.of(), Map.of("OMP_DISPLAY_ENV", "VERBOSE", "OMP_WAIT_POLICY", "ACTIVE"));
    assertThat(lines).contains("waits OMP_WAIT_POLICY=ACTIVE, as the environment says");
    assertThat(lines).anyMatch(line -> line.matches(".*OMP_WAIT_POLICY = .ACTIVE.*"));
    assertThat(start(List.of(), Map.of("GOMP_SPINCOUNT", "10000")))
        .contains("waits GOMP_SPINCOUNT=10000, as the environment says");
    assertThat(start(List.of("-Dadapt4j.waitPolicy=user"), Map.of("OMP_DISPLAY_ENV", "VERBOSE")))
        .anyMatch(line -> line.matches(".*GOMP_SPINCOUNT = '[1-9].*"));
  }

  @Test
  void aRuntimeThatSomebodyElseLoadedBeforeIsToldOf() throws Exception {
    Path runtime;
    try (Stream<Path> files = Files.list(unpacked)) {
      runtime = files.filter(file -> file.toString().contains("libgomp")).findFirst().orElseThrow();
    }
    List<String> lines = start(List.of(), Map.of(), runtime.toString());
    assertThat(lines)
        .anyMatch(
            line ->
                line.contains("since an OpenMP runtime was loaded before libtorch")
                    && line.contains("OMP_WAIT_POLICY=PASSIVE")
                    && line.contains("WARN"));
    assertThat(lines).anyMatch(line -> line.startsWith("waits threads wait for each other"));
  }

  @Test
  void theUsersOwnAllocatorSettingsStay() throws Exception {
    assertThat(start(List.of(), Map.of("MALLOC_TRIM_THRESHOLD_", "1000000")))
        .contains(
            "free memory: left to the C library, since the environment sets"
                + " MALLOC_TRIM_THRESHOLD_");
    assertThat(start(List.of("-Dadapt4j.allocator=user"), Map.of()))
        .contains("free memory: left to the C library, since adapt4j.allocator=user");
  }

  @Test
  void cudaIsNotAskedWhereThereIsNoDevice() throws Exception {
    assertThat(start(List.of(), Map.of())).noneMatch(line -> line.contains("GPU count"));
  }
}
