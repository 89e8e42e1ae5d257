package io.adapt4j.studio;

import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.monitor.TrainingListeners;
import io.adapt4j.core.plan.Device;
import java.nio.file.Path;
import java.util.List;

/** What the studio needs of the command line: {@code train}, {@code plan --time} and others. */
final class TestTrainer {

  private TestTrainer() {}

  static List<String> command() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Xmx512m",
        "-cp",
        System.getProperty("java.class.path"),
        TestTrainer.class.getName());
  }

  public static void main(String[] arguments) throws Exception {
    List<String> words = List.of(arguments);
    if (!List.of("train", "plan").contains(words.get(0))) {
      TestCommands.run(words);
      return;
    }
    RunDescription description = RunDescription.read(Path.of(words.get(1)));
    if (words.get(0).equals("plan")) {
      int steps = Integer.parseInt(words.get(words.indexOf("--time") + 1));
      System.out.println(description.builder().build().plan(Device.current(), steps).json());
      return;
    }
    boolean resume = words.contains("--resume");
    description = description.with("resume", String.valueOf(resume));
    if (words.contains("--overwrite")) {
      description = description.with("overwriteOutput", "true");
    }
    FineTuner tuner =
        description
            .builder()
            .listener(TrainingListeners.files(description.output().orElseThrow()))
            .build();
    Thread training = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  tuner.stop();
                  try {
                    training.join();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    tuner.run();
  }
}
