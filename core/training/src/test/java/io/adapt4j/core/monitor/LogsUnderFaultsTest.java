package io.adapt4j.core.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.train.Events;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** What is written while a run goes on, under every fault at every call. */
class LogsUnderFaultsTest {

  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  private static String text(Path file) throws Exception {
    return Files.exists(file) ? Files.readString(file) : "";
  }

  /** The lines that are whole; a last one without an end is cut off when the log goes on. */
  private static String events(Path file) throws Exception {
    StringBuilder events = new StringBuilder();
    String text = text(file);
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n", -1)) {
      // What a power cut tears is no object.
      if (line.matches("\\{\"event\":\"\\w+\".*\\}")) {
        events.append(line.replaceAll("\\{\"event\":\"(\\w+)\".*\\}", "$1")).append(' ');
      }
    }
    return events.toString();
  }

  @Test
  void aLogOfMetrics() throws Exception {
    int faults =
        FaultCheck.of("metrics log")
            .before(folder -> Files.writeString(folder.resolve("m.jsonl"), "{\"event\":\"a\"}\n"))
            .writing(
                folder -> {
                  try (JsonlMetricsLog log = JsonlMetricsLog.to(folder.resolve("m.jsonl"))) {
                    log.step(Events.step(12));
                    log.evaluated(Events.EVALUATION);
                    log.ended(Events.END);
                  }
                })
            .reading(folder -> events(folder.resolve("m.jsonl")))
            // A run that goes on logs again what it does again.
            .or(content -> content.matches("a (step |evaluation |run_ended )*"))
            .run();
    assertThat(faults).isGreaterThan(40);
  }

  private static String records(Path file) throws Exception {
    StringBuilder records = new StringBuilder();
    if (Files.exists(file)) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      while (bytes.remaining() >= 16) {
        int length = (int) bytes.getLong(bytes.position());
        if (length > bytes.remaining() - 16 || length <= 0) {
          break;
        }
        byte[] record = new byte[length];
        bytes.get(bytes.position() + 12, record);
        if (bytes.getInt(bytes.position() + 12 + length)
            != RecordFile.maskedChecksum(record, 0, length)) {
          break;
        }
        records.append(new String(record, StandardCharsets.UTF_8)).append(' ');
        bytes.position(bytes.position() + 16 + length);
      }
    }
    return records.toString();
  }

  /** A record that arrived in part does not hide those after it. */
  @Test
  void recordsOfTensorBoard() throws Exception {
    int faults =
        FaultCheck.of("TensorBoard's records")
            .writing(
                folder -> {
                  Path file = folder.resolve("events");
                  Files.deleteIfExists(file);
                  try (RecordFile records = RecordFile.create(file)) {
                    for (String name : new String[] {"first", "second", "third"}) {
                      try {
                        records.append(name.getBytes(StandardCharsets.UTF_8));
                      } catch (java.nio.channels.ClosedChannelException e) {
                        throw e;
                      } catch (java.io.IOException e) {
                        if (name.equals("third")) {
                          throw e;
                        }
                      }
                    }
                  }
                })
            .reading(folder -> records(folder.resolve("events")))
            .or(content -> content.matches("(first )?(second )?(third )?"))
            .keeping("events")
            .optional()
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(20);
  }

  @Test
  void aPage() throws Exception {
    int faults =
        FaultCheck.of("report of a run")
            .before(folder -> Files.writeString(folder.resolve("report.html"), "old"))
            .writing(
                folder -> {
                  HtmlReport report = HtmlReport.at(folder.resolve("report.html"), CLOCK);
                  report.started(Events.START);
                })
            .reading(folder -> text(folder.resolve("report.html")))
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
