package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.internal.ReplyStore;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Kept replies and reports under every fault at every call. */
class ReplyStoreUnderFaultsTest {

  private static final List<String> PROMPTS = List.of("a", "b", "c");

  private static Request request(String prompt) {
    return new Request.Answer(prompt, GenerationOptions.defaults());
  }

  private static void add(Path folder) {
    try (ReplyStore store = ReplyStore.open(folder, "candidate")) {
      for (String prompt : PROMPTS) {
        if (store.find(request(prompt)).isEmpty()) {
          store.add(
              request(prompt),
              request(prompt),
              false,
              new Reply.Text("to " + prompt, FinishReason.STOP));
        }
      }
      store.force();
    }
  }

  private static String kept(Path folder) {
    StringBuilder kept = new StringBuilder();
    try (ReplyStore store = ReplyStore.open(folder, "candidate")) {
      for (String prompt : PROMPTS) {
        store
            .find(request(prompt))
            .ifPresent(reply -> kept.append(((Reply.Text) reply).text()).append(' '));
      }
    }
    return kept.toString();
  }

  @Test
  void replies() throws Exception {
    int faults =
        FaultCheck.of("kept replies")
            .writing(ReplyStoreUnderFaultsTest::add)
            .reading(ReplyStoreUnderFaultsTest::kept)
            .or(content -> content.matches("(to a )?(to b )?(to c )?"))
            .keeping(".*\\.jsonl(\\.lock)?")
            .run();
    assertThat(faults).isGreaterThan(80);
  }

  @Test
  void aReport() throws Exception {
    ReportWriter writer = ReportWriter.of(SampleReports.single());
    int faults =
        FaultCheck.of("report of an evaluation")
            .before(folder -> Files.writeString(folder.resolve("r.json"), "old"))
            .writing(folder -> writer.writeJson(folder.resolve("r.json")))
            .reading(folder -> Files.readString(folder.resolve("r.json")))
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
