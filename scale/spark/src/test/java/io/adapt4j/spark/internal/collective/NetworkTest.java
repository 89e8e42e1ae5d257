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
    Process accepting = java("a", NetworkProbe.class, "accept", FIRST, "7100");
    assertThat(lines(accepting).readLine()).isEqualTo("ready");
    Process connecting = java("b", NetworkProbe.class, "connect", FIRST, "7100");
    assumeTrue(
        connecting.waitFor() == 0 && accepting.waitFor() == 0,
        "plain sockets do not reach from one namespace into the other on this machine");
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
    BufferedReader said = lines(first);
    BufferedReader saidBySecond = lines(second);
    begin(first, said, second, saidBySecond);
    List<String> sums = said.lines().toList();
    assertThat(sums).hasSize(6).noneMatch(line -> line.startsWith("ended"));
    assertThat(saidBySecond.lines().toList()).isEqualTo(sums);
  }

  @Test
  void workersThatAreCutOffEndWhenTheirPatienceDoes() throws Exception {
    Process first = worker("a", 0, 7102, 5_000, 100_000, 100_000);
    Process second = worker("b", 1, 7102, 5_000, 100_000, 100_000);
    BufferedReader said = lines(first);
    begin(first, said, second, lines(second));
    assertThat(said.readLine()).as("the first sum").matches("\\d+");
    assertThat(inside("a", "ip", "link", "set", NAME + "a", "down")).isTrue();
    try {
      assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(second.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(said.lines().filter(line -> line.startsWith("ended")).toList())
          .singleElement()
          .asString()
          .contains("Waited 5.0 s for worker 1");
    } finally {
      inside("a", "ip", "link", "set", NAME + "a", "up");
    }
  }

  private static void begin(
      Process first, BufferedReader said, Process second, BufferedReader saidBySecond)
      throws IOException {
    assertThat(said.readLine()).isEqualTo("ready");
    assertThat(saidBySecond.readLine()).isEqualTo("ready");
    for (Process worker : List.of(first, second)) {
      worker.getOutputStream().write('\n');
      worker.getOutputStream().flush();
    }
  }

  private static BufferedReader lines(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Process worker(
      String end, int rank, int port, int patience, int rounds, int length) throws IOException {
    return java(
        end,
        NetworkWorker.class,
        String.valueOf(rank),
        FIRST,
        SECOND,
        String.valueOf(port),
        String.valueOf(patience),
        String.valueOf(rounds),
        String.valueOf(length));
  }

  private static Process java(String end, Class<?> main, String... arguments) throws IOException {
    List<String> words =
        new ArrayList<>(
            List.of(
                "ip",
                "netns",
                "exec",
                NAME + end,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    words.addAll(List.of(arguments));
    return new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }
}
