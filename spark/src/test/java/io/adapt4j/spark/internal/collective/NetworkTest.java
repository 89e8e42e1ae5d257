package io.adapt4j.spark.internal.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Workers in two network namespaces, between which packets are late, lost or all gone. */
@EnabledOnOs(OS.LINUX)
class NetworkTest {

  private static final String NAME = "adapt4j" + ProcessHandle.current().pid() % 10_000;
  private static final String FIRST = "10.213.77.1";
  private static final String SECOND = "10.213.77.2";
  private static boolean made;

  @BeforeAll
  static void connect() throws Exception {
    made = does("ip", "netns", "add", NAME + "a");
    boolean connected =
        made
            && does("ip", "netns", "add", NAME + "b")
            && does("ip", "link", "add", NAME + "a", "type", "veth", "peer", "name", NAME + "b")
            && in("a", "ip link set " + NAME + "a netns", FIRST)
            && in("b", "ip link set " + NAME + "b netns", SECOND);
    assumeTrue(connected, "this machine does not allow network namespaces");
  }

  private static boolean in(String end, String move, String address) throws Exception {
    List<String> words = new ArrayList<>(List.of(move.split(" ")));
    words.add(NAME + end);
    return does(words.toArray(String[]::new))
        && inside(end, "ip", "addr", "add", address + "/24", "dev", NAME + end)
        && inside(end, "ip", "link", "set", NAME + end, "up");
  }

  private static boolean delays(String end) throws Exception {
    return inside(
        end,
        "tc",
        "qdisc",
        "add",
        "dev",
        NAME + end,
        "root",
        "netem",
        "delay",
        "5ms",
        "2ms",
        "loss",
        "1%");
  }

  private static boolean inside(String end, String... command) throws Exception {
    List<String> words = new ArrayList<>(List.of("ip", "netns", "exec", NAME + end));
    words.addAll(List.of(command));
    return does(words.toArray(String[]::new));
  }

  private static boolean does(String... command) throws Exception {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @AfterAll
  static void disconnect() throws Exception {
    if (made) {
      does("ip", "netns", "del", NAME + "a");
      does("ip", "netns", "del", NAME + "b");
    }
  }

  @Test
  void latePacketsAndLostOnesAreNoMatterToTheSum() throws Exception {
    assumeTrue(delays("a") && delays("b"), "the kernel of this machine has no netem");
    Process first = worker("a", 0, 7101, 20_000, 6, 200_000);
    Process second = worker("b", 1, 7101, 20_000, 6, 200_000);
    List<String> sums = lines(first).lines().toList();
    assertThat(sums).hasSize(6).noneMatch(line -> line.startsWith("ended"));
    assertThat(lines(second).lines().toList()).isEqualTo(sums);
  }

  @Test
  void workersThatAreCutOffEndWhenTheirPatienceDoes() throws Exception {
    Process first = worker("a", 0, 7102, 2_000, 100_000, 100_000);
    Process second = worker("b", 1, 7102, 2_000, 100_000, 100_000);
    BufferedReader said = lines(first);
    assertThat(said.readLine()).isNotNull();
    assertThat(inside("a", "ip", "link", "set", NAME + "a", "down")).isTrue();
    try {
      assertThat(first.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(second.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(said.lines().filter(line -> line.startsWith("ended")).toList())
          .singleElement()
          .asString()
          .contains("Waited 2.0 s for worker 1");
    } finally {
      inside("a", "ip", "link", "set", NAME + "a", "up");
    }
  }

  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Process worker(
      String end, int rank, int port, int patience, int rounds, int length) throws IOException {
    return new ProcessBuilder(
            "ip",
            "netns",
            "exec",
            NAME + end,
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            NetworkWorker.class.getName(),
            String.valueOf(rank),
            FIRST,
            SECOND,
            String.valueOf(port),
            String.valueOf(patience),
            String.valueOf(rounds),
            String.valueOf(length))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
