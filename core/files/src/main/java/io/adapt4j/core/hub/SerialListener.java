package io.adapt4j.core.hub;

/** Listener that serializes events. */
record SerialListener(DownloadListener listener) implements DownloadListener {

  @Override
  public synchronized void fileStarted(String file, long size, long present) {
    listener.fileStarted(file, size, present);
  }

  @Override
  public synchronized void bytesReceived(String file, long received, long size) {
    listener.bytesReceived(file, received, size);
  }

  @Override
  public synchronized void fileFinished(String file, long size) {
    listener.fileFinished(file, size);
  }

  @Override
  public synchronized void notice(String message) {
    listener.notice(message);
  }
}
