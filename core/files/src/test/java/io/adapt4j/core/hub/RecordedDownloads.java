package io.adapt4j.core.hub;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps what a download reported. */
final class RecordedDownloads implements DownloadListener {

  final List<String> started = new ArrayList<>();
  final List<String> finished = new ArrayList<>();
  final List<String> notices = new ArrayList<>();
  final Map<String, List<Long>> received = new HashMap<>();

  @Override
  public void fileStarted(String file, long size, long present) {
    started.add(file + " " + present + "/" + size);
  }

  @Override
  public void bytesReceived(String file, long count, long size) {
    received.computeIfAbsent(file, name -> new ArrayList<>()).add(count);
  }

  @Override
  public void fileFinished(String file, long size) {
    finished.add(file);
  }

  @Override
  public void notice(String message) {
    notices.add(message);
  }
}
