package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.JavaCommand;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.harness.Timing;
import io.adapt4j.benchmarks.harness.Turns;
import io.adapt4j.benchmarks.models.Decoding;
import io.adapt4j.benchmarks.models.SmolLm;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.serve.ModelServer;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Server overhead: new tokens per second of HTTP clients in a separate process, with full and
 * streamed answers, compared with as many threads that call the model in this process, alternating.
 */
@InSuite(quick = "--tokens 16 --repetitions 1", full = "")
public final class ServerOverheadBenchmark {

  private static final String OPTIONS =
      "--prompt 32 --tokens 64 --clients 8 --repetitions 5 --threads 0";
  private static final double OF_THE_PROCESS = 0.95;

  /** Warm-up rounds, during which JIT compilation competes with the model. */
  private static final int WARM_UP = 4;

  private final int clients;
  private final int tokens;
  private final int repetitions;
  private final List<String> prompts;

  private ServerOverheadBenchmark(Arguments arguments) {
    clients = arguments.number("--clients", 1);
    tokens = arguments.number("--tokens", 1);
    repetitions = arguments.number("--repetitions", 1);
    int length = arguments.number("--prompt", 1);
    prompts =
        Decoding.prompts(clients, length, 1, SmolLm.VOCABULARY).stream()
            .map(ids -> words(IntStream.of(ids)))
            .toList();
  }

  /**
   * Options: {@code --prompt} tokens, {@code --tokens} of an answer, {@code --clients}, {@code
   * --repetitions}, {@code --threads} (0: the engine's choice).
   */
  public static void main(String[] line) throws IOException {
    new ServerOverheadBenchmark(Arguments.parse(line, OPTIONS).useThreads()).run();
  }

  private void run() throws IOException {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      SmolLm.write(folder.path());
      writeTokenizer(folder.path());
      try (LanguageModel model =
              LanguageModel.load(ModelSource.path(folder.path()), Precision.BF16);
          ModelServer server = ModelServer.builder().model("m", model).start();
          ServerClient client = ServerClient.start(server.address(), tokens)) {
        measure(model, client, threads);
      }
    } finally {
      threads.shutdown();
    }
  }

  private static String words(IntStream ids) {
    return ids.mapToObj(id -> "w" + id).collect(Collectors.joining(" "));
  }

  /**
   * Writes a tokenizer with a word for each token, so that tokens decode to text as in a real
   * model.
   */
  private static void writeTokenizer(Path folder) throws IOException {
    String words =
        IntStream.range(0, SmolLm.VOCABULARY)
            .mapToObj(id -> "\"w%d\":%d".formatted(id, id))
            .collect(Collectors.joining(","));
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
         "pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,
         "model":{"type":"WordLevel","unk_token":"w0","vocab":{%s}}}
        """
            .formatted(words));
  }

  private void measure(LanguageModel model, ServerClient client, ExecutorService threads) {
    Turns turns =
        new Turns(WARM_UP, repetitions)
            .add("texts", i -> rate(threads, prompt -> answer(model, prompt)))
            .add("whole", i -> client.rate(prompts, false))
            .add("pieces", i -> rate(threads, prompt -> answerInPieces(model, prompt)))
            .add("streams", i -> client.rate(prompts, true))
            .run();
    Report report = new Report("A server beside its model in this process, 135M shape, bf16");
    report.line(
        "setting",
        "%d clients, %d new tokens each, medians of %d in turns",
        clients,
        tokens,
        repetitions);
    figure(report, "whole answers", turns.of("whole"), turns.of("texts"));
    figure(report, "streams", turns.of("streams"), turns.of("pieces"));
    report.print();
  }

  private static void figure(Report report, String what, Samples over, Samples inside) {
    report.line(
        what, "%.1f tokens/s, in this process %.1f tokens/s", over.median(), inside.median());
    report.figure(
        over.map(rate -> rate / inside.median())
            .largerRatio(what)
            .target(OF_THE_PROCESS)
            .label(what + " over HTTP, of the rate in this process"));
  }

  private double rate(ExecutorService threads, Function<String, Integer> answerer) {
    long begun = System.nanoTime();
    List<Integer> tokens = Timing.together(prompts, threads, answerer);
    return tokens.stream().mapToInt(Integer::intValue).sum() / Timing.since(begun);
  }

  private GenerationOptions options() {
    return GenerationOptions.greedy().toBuilder().maxNewTokens(tokens).build();
  }

  private int answer(LanguageModel model, String prompt) {
    return model.generate(prompt, options()).split(" ", -1).length;
  }

  private int answerInPieces(LanguageModel model, String prompt) {
    StringBuilder text = new StringBuilder();
    return model.generate(prompt, options(), text::append).tokenIds().size();
  }

  /**
   * Clients of a server in a separate process, which send requests concurrently and report new
   * tokens per second. They only read the stream, so that the server is what is measured.
   */
  static final class ServerClient implements AutoCloseable {

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
          System.out.println(sum / Timing.since(begun));
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
}
