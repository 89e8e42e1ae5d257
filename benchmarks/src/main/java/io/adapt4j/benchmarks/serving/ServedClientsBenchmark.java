package io.adapt4j.benchmarks.serving;

import io.adapt4j.benchmarks.harness.Arguments;
import io.adapt4j.benchmarks.harness.InSuite;
import io.adapt4j.benchmarks.harness.JavaCommand;
import io.adapt4j.benchmarks.harness.Measurement;
import io.adapt4j.benchmarks.harness.ReadBandwidth;
import io.adapt4j.benchmarks.harness.Report;
import io.adapt4j.benchmarks.harness.Samples;
import io.adapt4j.benchmarks.harness.TemporaryFolder;
import io.adapt4j.benchmarks.models.LlamaGguf;
import io.adapt4j.benchmarks.models.LlamaShape;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServerLimits;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Compares a server with llama.cpp's on the same GGUF file, under the same clients in a third
 * process, alternating: new tokens per second, time to the first token, and time between tokens.
 *
 * <p>Loads: short prompts, long ones, and agents, whose prompts repeat all of their earlier turns.
 */
@InSuite(quick = "--shape small --clients 2 --rounds 1 --load short", full = "")
public final class ServedClientsBenchmark {

  private static final String OPTIONS =
      "--shape 135m --load all --clients 1,8,32 --rounds 3 --threads 0 --llama.server --folder";

  private static final int CONTEXT = 2048;

  private final Arguments arguments;
  private final String llama;
  private final List<Integer> clients;
  private final int rounds;

  private ServedClientsBenchmark(Arguments arguments) {
    this.arguments = arguments;
    llama = arguments.text("--llama.server");
    clients =
        List.of(arguments.text("--clients").split(",", -1)).stream().map(Integer::valueOf).toList();
    rounds = arguments.number("--rounds", 1);
  }

  /**
   * Options: {@code --shape} of the model, {@code --load short|long|agent|all}, {@code --clients}
   * numbers of concurrent clients, {@code --rounds}, {@code --threads} of both (0: the machine's
   * processors), {@code --llama.server} the program llama-server, {@code --folder} (keeps the
   * model's file there).
   */
  public static void main(String[] line) {
    Arguments arguments = Arguments.parse(line, OPTIONS);
    TemporaryFolder.run(
        arguments.text("--folder"),
        ServedClientsBenchmark.class,
        folder -> new ServedClientsBenchmark(arguments).run(folder));
  }

  private void run(Path folder) {
    Path file = file(folder);
    String load = arguments.oneOf("--load", Set.of("short", "long", "agent", "all"));
    for (Load kind : Load.values()) {
      if (load.equals("all") || load.equals(kind.text())) {
        for (int number : clients) {
          measure(file, kind, number);
        }
      }
    }
  }

  private Path file(Path folder) {
    LlamaShape shape = LlamaShape.named(arguments.text("--shape"));
    Path file = folder.resolve(shape.name() + "-served.gguf");
    if (!Files.exists(file)) {
      Path checkpoint = folder.resolve(shape.name() + "-served");
      shape.write(checkpoint);
      LlamaGguf.write(shape.config(), checkpoint, TensorType.Q8_0, true, file);
    }
    return file;
  }

  private int threads() {
    int threads = arguments.number("--threads", 0);
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  private void measure(Path file, Load load, int number) {
    List<ClientRun> ours = new ArrayList<>();
    List<ClientRun> theirs = new ArrayList<>();
    ReadBandwidth bandwidth = new ReadBandwidth();
    bandwidth.measure();
    double memory = 0;
    double peerMemory = 0;
    for (int round = 0; round < rounds; round++) {
      try (ServerProcess server = own(file)) {
        ours.add(ClientRun.of(server, load, number, round));
        memory = server.peakResident();
      }
      if (!llama.isEmpty()) {
        try (ServerProcess server = peer(file, number)) {
          theirs.add(ClientRun.of(server, load, number, round));
          peerMemory = server.peakResident();
        }
      }
    }
    Report report = new Report("Serving " + number + " clients, " + load.text() + " prompts");
    report.line(
        "setting",
        "%s in Q8_0, %s, %d rounds, %d threads, %.1f GB/s",
        arguments.text("--shape"),
        load,
        rounds,
        threads(),
        bandwidth.best() / 1e9);
    lines(report, "ours", ours, memory);
    if (!theirs.isEmpty()) {
      lines(report, "llama-server", theirs, peerMemory);
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        ratios.add(ours.get(i).rate() / theirs.get(i).rate());
      }
      report.figure(Samples.of(ratios).largerRatio("over llama-server"));
      List<Double> first = new ArrayList<>();
      for (int i = 0; i < rounds; i++) {
        first.add(ours.get(i).first().percentile(0.5) / theirs.get(i).first().percentile(0.5));
      }
      report.figure(Samples.of(first).smallerRatio("first token, over llama-server"));
    }
    report.print();
  }

  private static void lines(Report report, String name, List<ClientRun> runs, double memory) {
    report.figure(Samples.of(runs.stream().map(ClientRun::rate).toList()).larger(name, "tokens/s"));
    ClientRun last = runs.get(runs.size() - 1);
    report.line("  first token", "%s", last.first().spread());
    report.line("  between tokens", "%s", last.between().spread());
    report.line("  prompt tokens", "%s", last.cached());
    report.keep(Measurement.smaller(name + ", peak resident", "MB", memory / 1e6));
    report.line("  peak resident", "%.0f MB", memory / 1e6);
  }

  private ServerProcess own(Path file) {
    return ServerProcess.start(
        JavaCommand.of(
            OwnServer.class,
            List.of("-Xmx1g"),
            List.of(file.toString(), String.valueOf(threads()))),
        OwnServer.LISTENING);
  }

  private ServerProcess peer(Path file, int number) {
    int port = ServerProcess.freePort();
    ProcessBuilder command =
        new ProcessBuilder(
            llama,
            "-m",
            file.toString(),
            "--host",
            "127.0.0.1",
            "--port",
            String.valueOf(port),
            "-t",
            String.valueOf(threads()),
            "-tb",
            String.valueOf(threads()),
            "-np",
            String.valueOf(number),
            "-c",
            String.valueOf(number * CONTEXT),
            "--no-webui");
    // The engine of this process sets it, with which llama.cpp is three times as slow.
    command.environment().remove("OMP_WAIT_POLICY");
    return ServerProcess.start(command, URI.create("http://127.0.0.1:" + port));
  }

  /** The server of a process. */
  static final class OwnServer {

    static final String LISTENING = "listening at ";

    private OwnServer() {}

    /** Serves the model of a file with a number of threads until the process is ended. */
    public static void main(String[] line) throws IOException, InterruptedException {
      Arguments.parse(new String[] {"--threads", line[1]}, "--threads 0").useThreads();
      try (LanguageModel model = LanguageModel.load(ModelSource.path(Path.of(line[0])));
          ModelServer server =
              ModelServer.builder()
                  .model("m", model)
                  .limits(ServerLimits.defaults().withAnswers(512).withConnections(1024))
                  .start()) {
        System.out.println(LISTENING + server.address());
        Thread.currentThread().join();
      }
    }
  }
}
