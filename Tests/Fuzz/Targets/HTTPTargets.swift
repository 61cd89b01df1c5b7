import HTTP

/// What came of reading octets: what was found, and the failure that ended it.
private struct Reading: Equatable {
    var texts: [[UInt8]] = []
    var heads: [RequestHead] = []
    var failure: RequestFailure?
}

func checkHead(_ octets: [UInt8]) {
    precondition(headReading([octets]) == headReading(halves(octets)))
}

private func headReading(_ reads: [[UInt8]]) -> Reading {
    var decoder = RequestHeadDecoder(limits: RequestHeadLimits())
    var head = RequestHead()
    var message: [UInt8] = []
    var reading = Reading()
    do throws(RequestFailure) {
        for read in reads {
            message += read
            guard let count = try decoder.decode(message.span, into: &head) else { continue }
            precondition(count <= message.count)
            for field in head.fields {
                precondition(field.name.upperBound <= field.value.lowerBound)
                precondition(field.value.upperBound <= count)
            }
            reading.heads = [head]
            break
        }
    } catch {
        reading.failure = error
    }
    return reading
}

func checkChunks(_ octets: [UInt8]) {
    precondition(chunkReading([octets]) == chunkReading(halves(octets)))
}

private func chunkReading(_ reads: [[UInt8]]) -> Reading {
    var decoder = ChunkedDecoder(bodyBytesLimit: 4_096, overheadBytesLimit: 1_024)
    var body: [UInt8] = []
    var reading = Reading()
    do throws(ChunkedDecoder.Failure) {
        reads: for read in reads {
            var offset = 0
            while true {
                switch try decoder.decode(read.span, at: &offset) {
                case .body(let range): body += read[range]
                case .needsInput: continue reads
                case .end:
                    reading.texts = [body]
                    break reads
                }
            }
        }
    } catch {
        reading.failure = error.asRequestFailure
    }
    precondition(body.count <= 4_096)
    return reading
}

func checkRequests(_ octets: [UInt8]) {
    let reading = requestReading([octets])
    precondition(requestReading(halves(octets)) == reading)
    if octets.count < 2_048 { precondition(requestReading(octets.map { [$0] }) == reading) }
}

private func requestReading(_ reads: [[UInt8]]) -> Reading {
    var reader = RequestReader(
        limits: RequestHeadLimits(), bodyBytesLimit: 4_096, chunkOverheadBytesLimit: 1_024)
    var buffer = ReadBuffer(bytes: 64)
    var reading = Reading()
    do throws(RequestFailure) {
        for read in reads {
            buffer.append(read)
            steps: while true {
                switch try reader.next(in: &buffer) {
                case .needsInput: break steps
                case .head: break
                case .request(let body):
                    reading.heads.append(reader.head)
                    let message = Array(buffer.octets[buffer.unread])
                    reading.texts.append(Array(message[body]))
                    reader.finish(&buffer)
                }
            }
        }
    } catch {
        reading.failure = error
    }
    return reading
}
