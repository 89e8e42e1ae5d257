package io.adapt4j.core.internal.plan;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Bytes;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.plan.Advice;
import io.adapt4j.core.plan.Device;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Predicted memory of a run, compared with the memory of a device. */
public record Forecast(
    int rows,
    int length,
    boolean recompute,
    Device device,
    MemoryEstimate memory,
    List<Advice> advice,
    Optional<Advice> together,
    Optional<FullComparison> full) {

  /** Relative tolerance of a prediction, within which a fit is called close. */
  private static final double TOLERANCE = 0.15;

  /** Copies the list. */
  public Forecast {
    advice = List.copyOf(advice);
  }

  /** Returns whether the predicted peak is within the device's memory. */
  public boolean fits() {
    return memory.peakBytes() <= device.bytes();
  }

  /** Returns whether the run fits, but only by less than the tolerance of the prediction. */
  public boolean isClose() {
    return fits() && memory.peakBytes() * (1 + TOLERANCE) > device.bytes();
  }

  /** Formats the prediction as a table. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (MemoryItem item : memory.lasting()) {
      line(text, item.name(), item.bytes());
    }
    MemoryEstimate.Phase peak = memory.peakPhase();
    text.append("  in the ").append(peak.name()).append(", which takes most:\n");
    for (MemoryItem item : peak.items()) {
      line(text, "  " + item.name(), item.bytes());
    }
    line(text, "predicted peak", memory.peakBytes());
    for (MemoryItem item : memory.host()) {
      line(text, "outside it: " + item.name(), item.bytes());
    }
    full.ifPresent(fullComparison -> text.append("  ").append(fullComparison.text()).append('\n'));
    text.append("  ").append(verdict()).append('\n');
    for (Advice other : advice) {
      advice(text, other);
    }
    together.ifPresent(
        combined -> {
          text.append("  none of these is enough; together:\n");
          advice(text, combined);
        });
    return text.toString();
  }

  private String verdict() {
    String where = device.name() + " (" + Bytes.text(device.bytes()) + ")";
    if (!fits()) {
      String help = advice.isEmpty() ? ", and no known change makes it smaller" : "; smaller are:";
      return "does not fit " + where + help;
    }
    return isClose()
        ? "just fits " + where + ": less than 15 %, the prediction's tolerance, is left"
        : "fits " + where;
  }

  private static void line(StringBuilder text, String name, long bytes) {
    text.append(String.format(Locale.ROOT, "  %-36s %12s%n", name, Bytes.text(bytes)));
  }

  private static void advice(StringBuilder text, Advice advice) {
    text.append(
        String.format(
            Locale.ROOT,
            "    %s: %s%s%n",
            advice.change(),
            Bytes.text(advice.bytes()),
            advice.fits() ? ", fits" : ""));
  }

  public String json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("device", device.name());
    json.put("deviceBytes", device.bytes());
    json.put("fits", fits());
    json.put("peakBytes", memory.peakBytes());
    json.put("peakPhase", memory.peakPhase().name());
    items(json.putObject("lasting"), memory.lasting());
    ObjectNode phases = json.putObject("phases");
    for (MemoryEstimate.Phase phase : memory.phases()) {
      items(phases.putObject(phase.name()), phase.items());
    }
    items(json.putObject("host"), memory.host());
    full.ifPresent(fullComparison -> json.put("fullFineTuningBytes", fullComparison.fullBytes()));
    ArrayNode changes = json.putArray("advice");
    advice.forEach(change -> changes.add(json(change)));
    together.ifPresent(combined -> json.set("together", json(combined)));
    return Json.indented(json);
  }

  private static void items(ObjectNode json, List<MemoryItem> items) {
    items.forEach(item -> json.put(item.name(), item.bytes()));
  }

  private static ObjectNode json(Advice advice) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("change", advice.change());
    json.put("bytes", advice.bytes());
    json.put("fits", advice.fits());
    return json;
  }
}
