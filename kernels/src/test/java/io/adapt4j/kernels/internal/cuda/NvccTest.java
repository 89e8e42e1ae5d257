package io.adapt4j.kernels.internal.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compiles every kernel with nvcc, where there is one, for three generations, and prints what each
 * takes of a multiprocessor. A kernel that does not fit into registers fails.
 */
class NvccTest {

  private static final String NVCC = "nvcc";
  private static final List<Integer> ARCHITECTURES = List.of(75, 80, 90);

  private static final Pattern ENTRY =
      Pattern.compile("Compiling entry function '(\\w+)' for 'sm_(\\d+)'");
  private static final Pattern SPILLS =
      Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern USED = Pattern.compile("Used (\\d+) registers");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  @TempDir private Path folder;

  /** What ptxas says of a kernel. */
  private record Usage(String kernel, int architecture, int registers, int shared, int spilled) {}

  @BeforeAll
  static void thereIsNvcc() throws Exception {
    try {
      Process version = new ProcessBuilder(NVCC, "--version").redirectErrorStream(true).start();
      version.getInputStream().readAllBytes();
      assumeTrue(version.waitFor() == 0, "nvcc --version failed: kernels are not compiled by nvcc");
    } catch (IOException e) {
      assumeTrue(false, "kernels are not compiled by nvcc: " + e.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource(KernelFile.class)
  void kernelsCompileForEveryGenerationWithoutSpills(KernelFile file) throws Exception {
    List<Usage> all = compile(file);
    for (Usage usage : all) {
      System.out.printf(
          "%-20s sm_%d: %3d registers, %5d bytes of shared memory, %d spilled%n",
          usage.kernel, usage.architecture, usage.registers, usage.shared, usage.spilled);
    }
    assertThat(all).allSatisfy(usage -> assertThat(usage.spilled).isZero());
    long generations =
        ARCHITECTURES.stream()
            .filter(architecture -> architecture >= file.least().number())
            .filter(
                architecture -> all.stream().anyMatch(usage -> usage.architecture == architecture))
            .count();
    assertThat(generations)
        .isEqualTo(ARCHITECTURES.stream().filter(a -> a >= file.least().number()).count());
  }

  /** From the one text that NVRTC gets, too. */
  private List<Usage> compile(KernelFile file) throws Exception {
    Path source = Files.writeString(folder.resolve(file.plainName() + ".cu"), file.source());
    List<String> command =
        new ArrayList<>(List.of(NVCC, "-std=c++17", "--threads", "2", "-Xptxas", "-v", "-fatbin"));
    for (int architecture : ARCHITECTURES) {
      if (architecture >= file.least().number()) {
        command.add("-gencode=arch=compute_%1$d,code=sm_%1$d".formatted(architecture));
      }
    }
    command.addAll(List.of("-o", folder.resolve("out").toString(), source.toString()));
    Process nvcc = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(nvcc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(nvcc.waitFor()).as(output).isZero();
    return parse(output);
  }

  private static List<Usage> parse(String output) {
    List<Usage> found = new ArrayList<>();
    String kernel = "";
    int architecture = 0;
    int spilled = 0;
    for (String line : output.lines().toList()) {
      Matcher entry = ENTRY.matcher(line);
      Matcher spills = SPILLS.matcher(line);
      Matcher used = USED.matcher(line);
      if (entry.find()) {
        kernel = entry.group(1);
        architecture = Integer.parseInt(entry.group(2));
      } else if (spills.find()) {
        spilled = Integer.parseInt(spills.group(1)) + Integer.parseInt(spills.group(2));
      } else if (used.find()) {
        Matcher shared = SHARED.matcher(line);
        int bytes = shared.find() ? Integer.parseInt(shared.group(1)) : 0;
        found.add(new Usage(kernel, architecture, Integer.parseInt(used.group(1)), bytes, spilled));
      }
    }
    return found;
  }
}
