package io.adapt4j.core.monitor;

import java.util.Map;

/**
 * Encodes TensorBoard's events: the messages {@code Event}, {@code Summary}, {@code SessionLog} and
 * {@code TensorProto} of TensorFlow's {@code event.proto}, {@code summary.proto} and {@code
 * tensor.proto}, with only the fields needed here.
 */
final class TensorBoardEvent {

  private static final String VERSION = "brain.Event:2";

  // Event
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;

  // SessionLog
  private static final int STATUS = 1;
  private static final int START = 1;

  // Summary and Summary.Value
  private static final int VALUE = 1;
  private static final int TAG = 1;
  private static final int SIMPLE_VALUE = 2;
  private static final int TENSOR = 8;
  private static final int METADATA = 9;

  // SummaryMetadata and PluginData
  private static final int PLUGIN_DATA = 1;
  private static final int PLUGIN_NAME = 1;

  // TensorProto, TensorShapeProto and Dim
  private static final int DTYPE = 1;
  private static final int DT_STRING = 7;
  private static final int SHAPE = 2;
  private static final int DIM = 2;
  private static final int DIM_SIZE = 1;
  private static final int STRING_VAL = 8;

  private TensorBoardEvent() {}

  /** Encodes the event that every file begins with. */
  static byte[] version(double wallTime) {
    return event(wallTime, 0).text(FILE_VERSION, VERSION).toBytes();
  }

  /** Encodes a restart, which invalidates earlier files from this step on. */
  static byte[] restart(double wallTime, int step) {
    return event(wallTime, step)
        .message(SESSION_LOG, new ProtobufMessage().integer(STATUS, START))
        .toBytes();
  }

  /** Encodes numbers by tag. */
  static byte[] scalars(double wallTime, int step, Map<String, Double> values) {
    ProtobufMessage summary = new ProtobufMessage();
    values.forEach(
        (tag, value) ->
            summary.message(
                VALUE,
                new ProtobufMessage().text(TAG, tag).floatValue(SIMPLE_VALUE, value.floatValue())));
    return event(wallTime, step).message(SUMMARY, summary).toBytes();
  }

  /** Encodes Markdown for the text page. */
  static byte[] text(double wallTime, int step, String tag, String markdown) {
    ProtobufMessage shape =
        new ProtobufMessage().message(DIM, new ProtobufMessage().integer(DIM_SIZE, 1));
    ProtobufMessage tensor =
        new ProtobufMessage()
            .integer(DTYPE, DT_STRING)
            .message(SHAPE, shape)
            .text(STRING_VAL, markdown);
    ProtobufMessage metadata =
        new ProtobufMessage().message(PLUGIN_DATA, new ProtobufMessage().text(PLUGIN_NAME, "text"));
    ProtobufMessage value =
        new ProtobufMessage().text(TAG, tag).message(TENSOR, tensor).message(METADATA, metadata);
    return event(wallTime, step)
        .message(SUMMARY, new ProtobufMessage().message(VALUE, value))
        .toBytes();
  }

  private static ProtobufMessage event(double wallTime, int step) {
    return new ProtobufMessage().doubleValue(WALL_TIME, wallTime).integer(STEP, step);
  }
}
