package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.nio.channels.SocketChannel;

/** How the bytes between workers travel. */
public interface Security {

  /** As they are; who connects still shows that it knows the token. */
  Security PLAIN =
      new Security() {

        @Override
        public Wire client(SocketChannel channel, Patience.Wait wait, String name) {
          return new Wire.Plain(channel);
        }

        @Override
        public Wire server(SocketChannel channel, Patience.Wait wait, String name) {
          return new Wire.Plain(channel);
        }
      };

  /** Secures a connection on the side that has opened it. */
  Wire client(SocketChannel channel, Patience.Wait wait, String name) throws IOException;

  /** Secures a connection on the side that has accepted it. */
  Wire server(SocketChannel channel, Patience.Wait wait, String name) throws IOException;
}
