package io.adapt4j.verification.security;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.benchmarks.harness.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Secrets are planted wherever one can be given, everything is logged that libraries can log, and
 * whatever was said and written is searched for them.
 */
@Timeout(120)
class PlantedSecretsTest {

  private static final String SECRET = "Planted0123456789";

  /** In the query of an address. The JDK logs addresses that are asked, as they are. */
  private static final String IN_QUERY = "Addressed0123456789";

  @Test
  void noSecretIsInALogAReportARecordOrAnException(@TempDir Path folder) throws Exception {
    Path logging =
        Files.writeString(
            folder.resolve("logging.properties"),
            """
            handlers=java.util.logging.ConsoleHandler
            .level=ALL
            java.util.logging.ConsoleHandler.level=ALL
            """);
    Path work = Files.createDirectory(folder.resolve("work"));
    Path said = folder.resolve("said");
    Process process = start(work, logging, said);
    boolean ended = process.waitFor(90, TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    String output = Files.readString(said, ISO_8859_1);
    assertThat(ended).as("ended in time: " + output).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    assertThat(output)
        .contains("train ended with 0", "eval ended with 0", "export ended with 0", "ended after")
        // The logs that a secret would be in.
        .contains("DEBUG HikariConfig", "org.postgresql", "sun.net.httpserver");
    assertThat(output.lines().filter(line -> line.contains(SECRET))).isEmpty();
    assertThat(output.lines().filter(line -> line.contains(IN_QUERY)))
        .allMatch(line -> line.startsWith("FINE: "));
    assertThat(filesWithSecret(work)).isEmpty();
  }

  private static Process start(Path work, Path logging, Path said) throws IOException {
    List<String> flags =
        List.of(
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-Djava.util.logging.config.file=" + logging,
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace",
            "-Dorg.slf4j.simpleLogger.log.ai.djl=trace",
            "-Dhttps.proxyUser=me",
            "-Dhttps.proxyPassword=" + SECRET + "Proxy",
            "-Djavax.net.ssl.keyStorePassword=" + SECRET + "Store");
    ProcessBuilder builder =
        JavaCommand.of(PlantedSecrets.class, flags, List.of(work.toString(), SECRET, IN_QUERY))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "HF_TOKEN", SECRET + "HfToken",
                "HF_ENDPOINT", "http://127.0.0.1:1",
                "HF_HUB_CACHE", work.resolve("hub").toString(),
                "HF_HUB_OFFLINE", "",
                "OPENAI_KEY", SECRET + "OpenAi",
                "SERVER_KEY", SECRET + "Server",
                "https_proxy", "http://me:" + SECRET + "Proxy@127.0.0.1:1"));
    return builder.start();
  }

  private static List<Path> filesWithSecret(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String content = Files.readString(file, ISO_8859_1);
        if (content.contains(SECRET) || content.contains(IN_QUERY)) {
          found.add(file);
        }
      }
    }
    return found;
  }
}
