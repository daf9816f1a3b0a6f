// Notes when the steps of a join happen that the library does not tell of. Runs before everything else in the page.
(() => {
  const marks = (window.joinMarks = {});
  const mark = (name) => { marks[name] ??= performance.now(); };

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      mark('asked');
      super(...args);
      this.addEventListener('open', () => mark('open'));
      this.addEventListener('message', () => mark('joined'));
    }
  };

  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    async setRemoteDescription(...args) {
      await super.setRemoteDescription(...args);
      mark('answered');
      const transport = this.getTransceivers()[0]?.receiver.transport;
      const look = () => { if (transport.state === 'connected') mark('keyed'); };
      transport?.addEventListener('statechange', look);
      if (transport) look();
    }
  };
})();
