package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.suite.InSuite;
import io.adapt4j.benchmarks.suite.JavaCommand;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Clients of a server in a separate process, which send requests concurrently and report new tokens
 * per second. They only read the stream, so that the server is what is measured.
 */
@InSuite(leftOut = "a part of ServerOverheadBenchmark")
final class ServerClient implements AutoCloseable {

  private static final Pattern TOKENS = Pattern.compile("\"completion_tokens\":(\\d+)");
  private static final String STREAM =
      ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";

  private final Process process;
  private final BufferedWriter in;
  private final BufferedReader out;

  private ServerClient(Process process) {
    this.process = process;
    this.in = process.outputWriter();
    this.out = process.inputReader();
  }

  /** Starts the process. */
  static ServerClient start(URI server, int tokens) throws IOException {
    List<String> arguments = List.of(String.valueOf(server.getPort()), String.valueOf(tokens));
    return new ServerClient(
        JavaCommand.of(ServerClient.class, List.of("-Xmx128m"), arguments)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Requests answers to all prompts concurrently, and returns new tokens per second. */
  double rate(List<String> prompts, boolean streams) {
    try {
      in.write((streams ? "stream\t" : "whole\t") + String.join("\t", prompts) + "\n");
      in.flush();
      String rate = out.readLine();
      if (rate == null) {
        throw new IllegalStateException("the client ended");
      }
      return Double.parseDouble(rate);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroy();
  }

  /** Runs the clients until the input ends. */
  public static void main(String[] line) throws IOException {
    int port = Integer.parseInt(line[0]);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String command = commands.readLine(); command != null; command = commands.readLine()) {
        String[] words = command.split("\t", -1);
        String more = words[0].equals("stream") ? STREAM : "";
        long begun = System.nanoTime();
        List<String> prompts = List.of(words).subList(1, words.length);
        int sum =
            Timing.together(prompts, threads, prompt -> ask(port, line[1], prompt, more)).stream()
                .mapToInt(Integer::intValue)
                .sum();
        System.out.println(sum / (Timing.since(begun)));
      }
    } finally {
      threads.shutdown();
    }
  }

  private static int ask(int port, String tokens, String prompt, String more) {
    String body =
        "{\"model\":\"m\",\"temperature\":0,\"max_tokens\":%s,\"prompt\":\"%s\"%s}"
            .formatted(tokens, prompt, more);
    String request =
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\nConnection: close\r\n\r\n"
            + body;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return tokens(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads an answer to its end and returns the last number in it. */
  private static int tokens(InputStream in) throws IOException {
    Matcher tokens = TOKENS.matcher(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
    int found = 0;
    while (tokens.find()) {
      found = Integer.parseInt(tokens.group(1));
    }
    if (found == 0) {
      throw new IllegalStateException("the answer says no number of tokens");
    }
    return found;
  }
}
